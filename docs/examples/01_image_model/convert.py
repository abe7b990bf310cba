"""Converts an image classifier and compares the graph with PyTorch."""

import numpy as np
import torch
from resnet import ResNet

from converters.torch import convert
from webnn_graph import save

torch.manual_seed(0)
model = ResNet().eval()  # or timm.create_model("resnet18", pretrained=True).eval()
image = torch.rand(1, 3, 64, 64)  # WebNN graphs have static shapes: this one

program = torch.export.export(model, (image,))
graph = convert(program, name="resnet")
print(graph)

with torch.no_grad():
    expected = model(image).numpy()
outputs = graph(image.numpy())
np.testing.assert_allclose(outputs["output"], expected, rtol=1e-4, atol=1e-5)
print("class", outputs["output"].argmax(), "as in PyTorch")

save(graph, "resnet.webnn", "resnet.js")  # and resnet.safetensors, the weights of both
torch.export.save(program, "resnet.pt2")  # for the command line

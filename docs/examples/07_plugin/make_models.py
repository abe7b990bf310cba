"""Writes model.onnx and model.pt2, which use Acme's operator."""

import onnx
import torch
from acme_webnn import torch_operators

MODEL = """<ir_version: 8, opset_import: ["": 17, "com.acme": 1]>
model (float[2, 8] x) => (float[2, 4] y) { [gate] y = com.acme.GatedSiLU <axis = 1> (x) }"""


class Gate(torch.nn.Module):
    def forward(self, x):
        return {"y": torch_operators.gated_silu(x)}


onnx.save(onnx.parser.parse_model(MODEL), "model.onnx")
torch.export.save(torch.export.export(Gate(), (torch.zeros(2, 8),)), "model.pt2")

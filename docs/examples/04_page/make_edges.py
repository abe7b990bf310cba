"""Writes edges.js and the files beside it: a model that draws the edges of a picture, with a fallback for browsers without WebNN."""

import torch

from converters.torch import convert
from webnn_graph import save

GRAY = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
SOBEL = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])


class Edges(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("gray", GRAY)
        self.register_buffer("filters", torch.stack([SOBEL, SOBEL.T])[:, None])

    def forward(self, image):
        gray = torch.nn.functional.conv2d(image, self.gray)
        slopes = torch.nn.functional.conv2d(gray, self.filters)
        return {"edges": slopes.square().sum(1, keepdim=True).sqrt().clamp(0, 1)}


save(convert(Edges().eval(), torch.zeros(1, 3, 258, 258), name="edges"), "edges.js", fallback="ort-web")

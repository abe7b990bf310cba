"""Writes scores.js and its files: a model that gives three scores to four numbers."""

import torch

from converters.torch import convert
from webnn_graph import save


class Scores(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, numbers):
        return {"scores": self.layer(numbers).relu()}


torch.manual_seed(8)
save(convert(Scores().eval(), torch.zeros(1, 4), name="scores"), "scores.js", fallback="ort-web")

"""Who waits for a conversion is told how far it is, and can end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx
import pytest
import torch
from torch import nn

from converters.onnx import convert as convert_onnx
from converters.torch import convert as convert_torch
from webnn_graph.progress import Progress

MODEL = onnx.parser.parse_model(
    '<ir_version: 10, opset_import: ["" : 18]> net (float[2] x) => (float[2] y) { a = Relu(x)\n b = Tanh(a)\n y = Exp(b) }'
)
WAYS: dict[str, Callable[[Any], Any]] = {
    "onnx": lambda progress: convert_onnx(MODEL, progress=progress),
    "torch": lambda progress: convert_torch(nn.Sequential(nn.ReLU(), nn.Tanh()).eval(), torch.zeros(2), progress=progress),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_stage_counts_up_to_its_end(way: str) -> None:
    steps: list[Progress] = []
    WAYS[way](steps.append)
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == ["nodes", "passes"]
    for stage in stages:
        counted = [(step.done, step.total) for step in steps if step.stage == stage]
        assert counted == [(done, len(counted) - 1) for done in range(len(counted))]
        assert len(counted) > 2


class Cancelled(Exception):
    """What a user's callback raises."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, Cancelled])
@pytest.mark.parametrize("stage", ["nodes", "passes"])
@pytest.mark.parametrize("way", WAYS)
def test_what_the_callback_raises_ends_the_conversion(way: str, stage: str, error: type[BaseException]) -> None:
    raised = error("enough")

    def watch(step: Progress) -> None:
        if step.stage == stage and step.done == 1:
            raise raised

    with pytest.raises(error) as caught:
        WAYS[way](watch)
    assert caught.value is raised
    WAYS[way](None)  # and the next one is as if nothing had been

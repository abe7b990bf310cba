"""Whole models of the zoo as ONNX models and back; ``python -m tests.to_onnx`` does it with all of them."""

from __future__ import annotations

import pytest

from models.zoo.loading import loaded
from models.zoo.manifest import select
from tests.to_onnx.going_round import go_round

SOME = ["llama", "bert", "gemma2", "roformer", "convnext", "swin", "mobilevit", "whisper"]
"""Models that are made on the spot: of language, images and sound."""


@pytest.mark.parametrize("name", SOME)
def test_a_model_goes_round(name: str) -> None:
    done = go_round(loaded(select([name])[0]).convert())
    assert done.again.is_empty
    assert done.worst.ok

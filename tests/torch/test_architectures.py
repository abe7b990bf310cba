"""A representative few of the transformers architectures; all of them are a command of their own."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="transformers is not installed")

from tests.torch.architectures import differences, quietly

FEW = ["bert", "qwen3", "t5_encoder", "swin", "mobilevit", "detr", "wav2vec2", "mamba"]


@pytest.mark.parametrize("name", FEW)
def test_agrees_with_pytorch(name: str) -> None:
    found = quietly(lambda: differences(name))
    assert found
    assert all(difference.ok for difference in found), found

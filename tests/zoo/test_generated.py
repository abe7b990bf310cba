"""Every generated model is made, converted and compared with ONNX Runtime."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from models.generate import MODELS
from tests.zoo.generated import measured

pytestmark = [
    pytest.mark.zoo,
    pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed: pip install '.[generate]'"),
]


@pytest.mark.parametrize("name", MODELS)
def test_equals_onnxruntime_and_does_not_grow(name: str, tmp_path: Path) -> None:
    model = measured(name, tmp_path)
    assert model.result.ok, model.result.first
    assert model.graph.weight_bytes <= model.path.stat().st_size, "quantized weights must stay quantized"
    if name.endswith(("nbits", "int4", "int8", "qdq")):
        assert any(operand.data_type.bits <= 8 and operand.size > 1000 for operand in model.graph.constants), "nothing is quantized"

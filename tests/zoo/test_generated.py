"""Every generated model is made, converted and compared with ONNX Runtime."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from converters.onnx.convert import convert
from converters.onnx.source import OnnxSource
from converters.workflow import Check
from models.generate import MODELS

pytestmark = [
    pytest.mark.zoo,
    pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed: pip install '.[generate]'"),
]


@pytest.mark.parametrize("name", MODELS)
def test_equals_onnxruntime_and_does_not_grow(name: str, tmp_path: Path) -> None:
    model, path = MODELS[name], tmp_path / f"{name}.onnx"
    model.make(path)
    graph = convert(path, dims=model.dims)
    result = Check(tolerance=model.tolerance, each_node=model.each_node).run(graph, OnnxSource(path))
    assert result.ok, result.first
    assert graph.weight_bytes <= path.stat().st_size, "quantized weights must stay quantized"
    if name.endswith(("nbits", "int4", "int8", "qdq")):
        assert any(operand.data_type.bits <= 8 and operand.size > 1000 for operand in graph.constants), "nothing is quantized"

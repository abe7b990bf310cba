"""Every model that is made on the spot as ONNX is converted and compared with ONNX Runtime."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from models import Model, select
from models.zoo.actions import measure
from models.zoo.loading import prepared
from models.zoo.manifest import ZOO

pytestmark = [
    pytest.mark.zoo,
    pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed: pip install '.[generate]'"),
]


@pytest.mark.parametrize("model", select(["generated"]), ids=lambda model: model.name)
def test_equals_onnxruntime_and_does_not_grow(model: Model) -> None:
    measured = measure(model, ZOO.parent, runtime="reference")
    assert not isinstance(measured, str)
    assert measured.result.ok, measured.result.first
    graph = measured.graph
    assert graph.weight_bytes <= prepared(model).stat().st_size, "quantized weights must stay quantized"
    if model.name.endswith(("nbits", "int4", "int8", "qdq")):
        assert any(operand.data_type.bits <= 8 and operand.size > 1000 for operand in graph.constants), "nothing is quantized"

"""Almost valid nodes are converted or refused; nothing else happens."""

from __future__ import annotations

import pytest
from onnx import TensorProto

from converters.onnx.registry import HANDLERS
from tests.fuzz.onnx_nodes import bases, fault, faults, mutant

COUNT = 2400
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_mutations_end_in_a_graph_or_an_error(part: int) -> None:
    assert not list(faults(range(part * COUNT // PARTS, (part + 1) * COUNT // PARTS)))


def test_every_handler_has_a_base() -> None:
    covered = {(node.domain, node.op_type) for model in bases() for node in model.graph.node}
    alike = {("", "Less"), ("", "GreaterOrEqual"), ("", "Log"), ("", "Tan")}  # of the same function as others
    alike.add(("com.microsoft", "SimplifiedLayerNormalization"))
    assert set(HANDLERS) - covered <= alike


def test_a_seed_is_one_model() -> None:
    assert mutant(7).SerializeToString() == mutant(7).SerializeToString() != mutant(8).SerializeToString()


def test_a_handler_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = HANDLERS["", "Det"]

    def wrong(*_: object) -> None:
        raise KeyError("wrong")

    monkeypatch.setitem(handler.__dict__, "function", wrong)
    model = next(
        model
        for model in bases()
        if model.graph.node[-1].op_type == "Det" and model.graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    )
    assert "unexpected KeyError" in fault(model)

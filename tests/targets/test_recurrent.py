"""Recurrent sequences by matrix products mean the same, whatever their options."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.case import Case
from tests.ops.cases import CASES
from webnn_graph.builder import GraphBuilder
from webnn_graph.runtimes import reference
from webnn_graph.targets import legalize, load_target
from webnn_graph.targets.chromium import conditions
from webnn_graph.targets.forms.recurrent import BY_PRODUCTS


@pytest.mark.parametrize("case", [case for case in CASES if case.op in BY_PRODUCTS and not case.error], ids=str)
def test_by_products(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "MOST_PACKED", 0)
    b = GraphBuilder(case.op)
    graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    legal = legalize(graph, load_target())
    assert not {node.op for node in legal.nodes} & {*BY_PRODUCTS, "lstmCell", "gruCell"}
    inputs = {operand.name: case.feeds()[operand.name] for operand in graph.inputs}
    half = any(operand.data_type == "float16" for operand in graph.inputs)
    for name, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(reference.run(legal, inputs)[name], expected, rtol=0, atol=4e-3 if half else 2e-6)

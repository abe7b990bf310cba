"""Graphs legalized for rustnn mean the same in the reference, and have nothing in them that its loader reads wrong."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.targets.cases import CASES as GRAPHS
from tests.targets.cases import Build
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.feeds import seeded
from webnn_graph.formats.document import BIAS_BY_POSITION
from webnn_graph.graph import Graph, operands_in
from webnn_graph.ops import OPS
from webnn_graph.runtimes import reference
from webnn_graph.targets import RUSTNN, legalize, load_target
from webnn_graph.validation import validate

TARGET = load_target(RUSTNN)
SLACK = 32
"""How many times a row's tolerance a replacement may differ: it rounds after each of its steps."""


def check(legal: Graph) -> None:
    validate(legal)
    for node in legal.nodes:
        options = [name for name, p in OPS[node.op].parameters.items() if p.is_option and p.is_operand and name in node.arguments]
        positional = BIAS_BY_POSITION.get(node.op, [])
        assert options in ([], positional), f"{node.op} has {options}"
        for name, value in node.arguments.items():
            assert all(TARGET.takes_type(node.op, name, operand.data_type) for operand in operands_in(value))
    labels = [node.label for node in legal.nodes if node.label]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("case", [case for case in CASES if not case.error], ids=str)
def test_row(case: Case) -> None:
    b = GraphBuilder(case.op)
    with b.source("/layer"):
        graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    if any(operand.data_type.bits == 4 for operand in (*graph.inputs, *graph.outputs)):
        with pytest.raises(ConversionError, match="4"):
            legalize(graph, TARGET)
        return
    legal = legalize(graph, TARGET)
    check(legal)
    case.compare(list(reference.run(legal, case.feeds()).values()), slack=SLACK)


@pytest.mark.parametrize("build", GRAPHS.values(), ids=GRAPHS)
def test_graph(build: Build) -> None:
    b = GraphBuilder()
    graph = b.build(build(b))
    legal = legalize(graph, TARGET)
    check(legal)
    inputs = seeded(graph.inputs)
    for name, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(reference.run(legal, inputs)[name], expected, rtol=1e-4, atol=1e-6)


def test_what_needs_a_shape_reads_a_reshape_to_it() -> None:
    b = GraphBuilder()
    known = b.relu(b.input("x", "float32", [1, 2, 4, 4]))
    unknown = b.neg(b.elu(known))
    graph = b.build({"a": b.pad(known, [0] * 4, [1] * 4), "b": b.pad(unknown, [0] * 4, [1] * 4), "c": b.reverse(unknown)})
    legal = legalize(graph, TARGET)
    producers = {output: node for node in legal.nodes for output in node.outputs}
    read = [producers[node.operands[0]] for node in legal.nodes if node.op in ("pad", "reverse")]
    assert [node.op for node in read] == ["relu", "reshape", "reshape"]
    assert read[1] is read[2]
    assert read[1].arguments["newShape"] == [1, 2, 4, 4]


def test_no_operator_without_need_is_changed() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 3, 8, 8])
    y = b.conv2d(x, np.ones((4, 3, 3, 3), np.float32), bias=np.arange(4, dtype=np.float32))
    graph = b.build({"y": b.softmax(b.maxPool2d(b.relu(y), windowDimensions=[2, 2], strides=[2, 2]), 1)})
    legal = legalize(graph, TARGET)
    assert [node.op for node in legal.nodes if node.op != "reshape"] == [node.op for node in graph.nodes]

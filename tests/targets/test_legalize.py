"""Legalized graphs: accepted by the target, and equal to the originals in the reference runtime.

That a browser computes them right is tested with the rows of the operators and in `tests.browser.test_legalized`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.targets.cases import CASES, Build
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError, FormatError
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph, operands_in
from webnn_graph.runtimes import reference
from webnn_graph.targets import CHROMIUM, Target, legalize, load_target

TARGET = load_target()


def built(build: Build) -> Graph:
    b = GraphBuilder()
    return b.build(build(b))


def refused(graph: Graph, target: Target = TARGET) -> list[str]:
    """Operands of the graph that the target does not take."""
    return [
        f"{node.op}.{name} {operand}"
        for node in graph.nodes
        for name, value in node.arguments.items()
        for operand in operands_in(value)
        if not target.takes_type(node.op, name, operand.data_type) or operand.rank > target.highest_rank(node.op, name)
    ]


@pytest.mark.parametrize("build", CASES.values(), ids=CASES)
def test_the_target_takes_it_and_it_means_the_same(build: Build) -> None:
    graph = built(build)
    legal = legalize(graph, TARGET)
    assert refused(legal) == []
    assert [o.descriptor for o in legal.inputs] == [o.descriptor for o in graph.inputs]
    assert [(o.name, o.descriptor) for o in legal.outputs] == [(o.name, o.descriptor) for o in graph.outputs]
    inputs = seeded(graph.inputs)
    for name, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(reference.run(legal, inputs)[name], expected, rtol=1e-5, atol=1e-6)


def test_what_the_target_takes_stays_as_it_is() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 3, 8, 8])
    with b.source("/conv"):
        y = b.conv2d(x, b.constant(np.ones((4, 3, 3, 3), np.float32)), padding=[1, 1, 1, 1])
    graph = b.build({"y": b.maxPool2d(b.relu(y), windowDimensions=[2, 2], strides=[2, 2])})
    legal = legalize(graph, TARGET)
    assert [(node.op, node.label, *node.outputs[0].shape) for node in legal.nodes] == [
        (node.op, node.label, *node.outputs[0].shape) for node in graph.nodes
    ]
    assert [o.name for o in legal.operands.values()] == [o.name for o in graph.operands.values()]


POOLS = {
    "a pixel more at the end": ([1, 1, 6, 6], {"padding": [0, 1, 0, 1], "strides": [2, 2]}),
    "a pixel all around": ([1, 1, 7, 6], {"padding": [1, 1, 1, 1]}),
    "what hangs over": ([1, 1, 6, 6], {"strides": [2, 2], "outputShapeRounding": "ceil"}),
    "padding and what hangs over": ([1, 1, 7, 6], {"padding": [1, 1, 0, 0], "strides": [2, 2], "outputShapeRounding": "ceil"}),
}
"""All as automatic padding would be, which implementations that know no other have."""


@pytest.mark.parametrize(("shape", "options"), POOLS.values(), ids=POOLS)
@pytest.mark.parametrize("op", ["maxPool2d", "averagePool2d"])
def test_a_pool_with_automatic_padding_is_one_call(op: str, shape: list[int], options: dict[str, Any]) -> None:
    b = GraphBuilder()
    legal = legalize(b.build({"y": b.call(op, b.input("x", "float32", shape), windowDimensions=[3, 3], **options)}), TARGET)
    assert [node.op for node in legal.nodes] == [op]


def test_erf_by_steps_is_erf() -> None:
    x = np.concatenate([np.linspace(-5, 5, 20_001), np.logspace(-30, 2, 400), [0, np.inf, -np.inf, np.nan]]).astype(np.float32)
    b = GraphBuilder()
    legal = legalize(b.build({"y": b.erf(b.input("x", "float32", x.shape))}), TARGET)
    assert "erf" not in {node.op for node in legal.nodes}
    np.testing.assert_allclose(reference.run(legal, {"x": x})["y"], [math.erf(value) for value in x.tolist()], rtol=5e-7, atol=0)


def test_everything_that_cannot_be_is_named() -> None:
    b = GraphBuilder()
    x, y = b.input("x", "uint64", [2]), b.input("y", "float32", [2])
    with b.source("/first"):
        first = b.add(x, x)
    with b.source("/second"):
        second = b.mul(first, first)
    graph = b.build({"sum": first, "product": second, "fine": b.relu(y)})
    with pytest.raises(ConversionError) as raised:
        legalize(graph, TARGET)
    assert "add sum (/first): a is uint64" in raised.value.message
    assert "mul product (/second): a is uint64" in raised.value.message
    assert "relu" not in raised.value.message


@pytest.mark.parametrize(
    ("op", "noted"),
    [(lambda b, x: b.div(x, 3), True), (lambda b, x: b.add(x, 3), False), (lambda b, x: b.sign(x), False)],
    ids=["div", "add", "sign"],
)
def test_narrowing_is_noted(op: Any, noted: bool) -> None:
    b = GraphBuilder()
    legal = legalize(b.build({"y": op(b, b.input("x", "int64", [2]))}), TARGET)
    assert any("int32" in note for note in legal.notes) == noted


def test_a_constant_that_does_not_fit_is_not_narrowed() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.div(b.input("x", "int64", [2]), 2**40)})
    with pytest.raises(ConversionError, match="int64"):
        legalize(graph, TARGET)


@pytest.mark.parametrize("data_type", ["float32", "int64", "uint32", "uint64", "int4"])
def test_an_input_as_output(data_type: str) -> None:
    b = GraphBuilder()
    legal = legalize(b.build({"y": b.input("x", data_type, [3])}), TARGET)
    (node,) = legal.nodes
    assert node.op == ("identity" if data_type in ("float32", "int64") else "reshape")


# ----------------------------------------------------------------------------------------------------------------- targets
def test_a_file_dumped_from_a_browser_is_a_target(tmp_path: Path) -> None:
    limits = {name: dict(limit) if isinstance(limit, dict) else limit for name, limit in TARGET.limits.items()}
    limits["relu"] = {"input": {"dataTypes": ["float32"], "rankRange": {"min": 0, "max": 2}}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(limits))
    b = GraphBuilder()
    legal = legalize(b.build({"y": b.relu(b.input("x", "float16", [2, 3, 4]))}), load_target(str(path)))
    assert [node.op for node in legal.nodes if node.op == "relu"] == ["relu"]
    (relu,) = (node for node in legal.nodes if node.op == "relu")
    assert relu.output.data_type is DataType.FLOAT32
    assert relu.output.rank <= 2


ENDLESS = '{"relu": {"input": {"dataTypes": [], "rankRange": {"max": Infinity}}}}'


@pytest.mark.parametrize(
    "text", ["", "[]", "[1]", '{"relu": {"input": {"dataTypes": 1}}}', ENDLESS, "\ud800".encode("utf-8", "surrogatepass")]
)
def test_what_is_no_target_is_refused(text: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FormatError, match="opSupportLimits"):
        load_target(str(path))
    with pytest.raises(FormatError, match="there is no target"):
        load_target("absent")


def test_a_trace_says_what_was_rewritten_where(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "webnn_graph.targets")
    b = GraphBuilder()
    with b.source("block.mask"):
        y = b.isNaN(b.input("x", "float32", [4]))
    legalize(b.build({"y": y}), load_target(CHROMIUM))
    assert "chromium: isNaN that is read at block.mask" in caplog.messages

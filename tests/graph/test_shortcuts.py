"""Calls that need no node."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder, graph_builder
from webnn_graph.builder.shortcuts import SHORTCUTS
from webnn_graph.graph import Operand
from webnn_graph.runtimes import reference

Build = Callable[[GraphBuilder, Operand], Operand]

ROWS: list[tuple[Build, list[str]]] = [
    (lambda b, x: b.identity(x), []),
    (lambda b, x: b.cast(x, "float32"), []),
    (lambda b, x: b.cast(x, "float16"), ["cast"]),
    (lambda b, x: b.cast(b.cast(x, "float16"), "float32"), ["cast", "cast"]),
    (lambda b, x: b.expand(x, [2, 1, 3, 4]), []),
    (lambda b, x: b.expand(x, [2, 5, 3, 4]), ["expand"]),
    (lambda b, x: b.tile(x, [1, 1, 1, 1]), []),
    (lambda b, x: b.slice(x, [0, 0, 0, 0], [2, 1, 3, 4]), []),
    (lambda b, x: b.slice(x, [0, 0, 0, 0], [2, 1, 3, 4], strides=[1, 7, 1, 1]), []),
    (lambda b, x: b.slice(x, [0, 0, 0, 1], [2, 1, 3, 3]), ["slice"]),
    (lambda b, x: b.slice(x, [0, 0, 0, 0], [2, 1, 3, 4], strides=[1, 1, 1, 3]), ["slice"]),
    (lambda b, x: b.clamp(x, minValue=-math.inf, maxValue=math.inf), []),
    (lambda b, x: b.clamp(x, minValue=math.inf), ["clamp"]),
    (lambda b, x: b.concat(b.split(b.concat([x, x], 0), 2), 0), ["concat"]),
    (lambda b, x: b.reshape(x, [2, 1, 3, 4]), []),
    (lambda b, x: b.reshape(b.reshape(x, [6, 4]), [4, 6]), ["reshape"]),
    (lambda b, x: b.reshape(b.reshape(b.reshape(x, [24]), [4, 6]), [2, 1, 3, 4]), []),
    (lambda b, x: b.reshape(b.transpose(x), [24]), ["transpose", "reshape"]),
    (lambda b, x: b.transpose(x, permutation=[0, 1, 2, 3]), []),
    (lambda b, x: b.transpose(x, permutation=[0, 2, 1, 3]), ["reshape"]),
    (lambda b, x: b.transpose(x, permutation=[0, 2, 3, 1]), ["reshape"]),
    (lambda b, x: b.transpose(x, permutation=[0, 1, 3, 2]), ["transpose"]),
    (lambda b, x: b.transpose(b.transpose(x, permutation=[1, 3, 0, 2]), permutation=[2, 0, 3, 1]), []),
    (lambda b, x: b.transpose(b.transpose(x, permutation=[3, 2, 0, 1]), permutation=[1, 0, 3, 2]), ["transpose"]),
    (lambda b, x: b.transpose(b.transpose(x)), []),
    (lambda b, x: b.concat([x], 0), []),
    (lambda b, x: b.concat([x, x], 0), ["concat"]),
    (lambda b, x: b.split(x, 1, axis=2)[0], []),
    (lambda b, x: b.split(x, [2], axis=0)[0], []),
    (lambda b, x: b.split(x, [1, 2], axis=2)[1], ["split"]),
    (lambda b, x: b.pad(x, [0, 0, 0, 0], [0, 0, 0, 0]), []),
    (lambda b, x: b.pad(x, [0, 0, 0, 0], [0, 0, 0, 1]), ["pad"]),
    (lambda b, x: b.reduceSum(x, axes=[]), ["reduceSum"]),
]


@pytest.mark.parametrize(("build", "expected"), ROWS)
def test_row(build: Build, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes that are left, and that they compute what all of them would."""
    values = np.random.default_rng(0).random((2, 1, 3, 4)).astype(np.float32)

    def graph_of() -> tuple[list[str], np.ndarray]:
        b = GraphBuilder()
        graph = b.build({"y": b.neg(build(b, b.input("x", "float32", [2, 1, 3, 4])))})
        return [node.op for node in graph.nodes[:-1]], reference.run(graph, {"x": values})["y"]

    nodes, result = graph_of()
    assert nodes == expected
    monkeypatch.setattr(graph_builder, "SHORTCUTS", {})
    unsimplified, whole = graph_of()
    assert len(unsimplified) >= len(nodes)
    np.testing.assert_array_equal(result, whole)


def test_every_rule_has_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()
    spied = {op: lambda *given, op=op, rule=rule: used.add(op) or rule(*given) for op, rule in SHORTCUTS.items()}
    monkeypatch.setattr(graph_builder, "SHORTCUTS", spied)
    for build, _ in ROWS:
        b = GraphBuilder()
        build(b, b.input("x", "float32", [2, 1, 3, 4]))
    assert used == set(SHORTCUTS)


@pytest.mark.parametrize(
    ("data_type", "scale", "between", "casts"),
    [
        ("uint8", 1.0, "int32", 0),
        ("int8", 1.0, "int32", 0),
        ("uint8", 0.5, "int32", 2),
        ("int32", 1.0, "int32", 2),
        ("uint8", 1.0, "uint8", 2),
    ],
)
def test_a_product_of_bytes_is_whole(data_type: str, scale: float, between: str, casts: int) -> None:
    b = GraphBuilder()
    sides = [b.input(name, data_type, [3, 3]) for name in ("x", "y")]
    one, zero = b.constant(np.full((1, 1), scale, np.float32)), b.constant(np.ones((1, 1), data_type))
    product = b.matmul(*(b.dequantizeLinear(side, one, zero) for side in sides))
    graph = b.build({"z": b.cast(b.cast(product, between), "float32")})
    assert sum(node.op == "cast" for node in graph.nodes) == casts

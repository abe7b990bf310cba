"""Reshapes that only arrange rows anew are left out, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize
from webnn_graph.runtimes.reference import run

Body = Callable[[GraphBuilder, Operand], Operand]
RANDOM = np.random.default_rng(0)
SQUARE = RANDOM.standard_normal((6, 6)).astype(np.float32)
SCALE = RANDOM.standard_normal(6).astype(np.float32)


def linear(b: GraphBuilder, x: Operand) -> Operand:
    """A linear layer of rows that are arranged in any way, as exporters write it."""
    product = b.gemm(b.reshape(x, [x.size // 6, 6]), SQUARE, c=SCALE, bTranspose=True)
    return b.reshape(product, list(x.shape))


def normal(b: GraphBuilder, x: Operand) -> Operand:
    """A normalization by the root of the mean square."""
    squares = b.reduceSumSquare(x, axes=[x.rank - 1], keepDimensions=True)
    return b.mul(b.div(x, b.sqrt(b.linear(squares, alpha=1 / 6, beta=1e-3))), SCALE)


def block(b: GraphBuilder, x: Operand) -> Operand:
    y = b.add(linear(b, normal(b, x)), x)
    gate = linear(b, normal(b, y))
    return b.add(linear(b, b.mul(gate, b.sigmoid(gate))), y)


def blocks(b: GraphBuilder, x: Operand) -> Operand:
    return block(b, block(b, x))


def halves_turned(b: GraphBuilder, x: Operand) -> Operand:
    first, second = b.split(linear(b, x), [2, 4], axis=x.rank - 1)
    return linear(b, b.concat([second, b.slice(first, [0] * x.rank, [*x.shape[:-1], 2])], x.rank - 1))


def norms_of_layers(b: GraphBuilder, x: Operand) -> Operand:
    y = b.layerNormalization(linear(b, x), axes=[x.rank - 1], scale=SCALE)
    return linear(b, b.softmax(b.gelu(y), x.rank - 1))


def of_one_row(b: GraphBuilder, x: Operand) -> Operand:
    """What broadcasts to all rows is one row of the new arrangement."""
    row = b.cos(b.reduceMax(x, axes=list(range(x.rank - 1)), keepDimensions=True))
    return linear(b, b.mul(linear(b, x), row))


LEFT: dict[str, tuple[Body, int]] = {
    "blocks": (blocks, 2),  # before the first and after the last, for what the graph takes and gives
    "halves_turned": (halves_turned, 2),
    "norms_of_layers": (norms_of_layers, 2),
    "of_one_row": (of_one_row, 3),
}


def built(body: Body, shape: tuple[int, ...]) -> Graph:
    b = GraphBuilder("rows")
    return b.build({"y": body(b, b.input("x", "float32", shape))})


@pytest.mark.parametrize("shape", [(1, 4, 6), (2, 3, 4, 6)], ids=str)
@pytest.mark.parametrize("name", LEFT)
def test_reshapes_are_left_out(name: str, shape: tuple[int, ...]) -> None:
    body, left = LEFT[name]
    before = built(body, shape)
    after = optimize(before)
    assert [node.op for node in after.nodes].count("reshape") == left
    assert len(after.nodes) < len(before.nodes)
    assert (after.inputs[0].shape, after.outputs[0].shape) == (shape, before.outputs[0].shape)
    feed = {"x": RANDOM.standard_normal(shape).astype(np.float32)}
    np.testing.assert_allclose(run(after, feed)["y"], run(before, feed)["y"], rtol=2e-5, atol=2e-5)


def over_all(b: GraphBuilder, x: Operand) -> Operand:
    """The sum over the rows needs them arranged as they are."""
    return linear(b, b.reduceSum(linear(b, x), axes=[1], keepDimensions=True))


def by_row(b: GraphBuilder, x: Operand) -> Operand:
    """A factor for each row of one dimension does not broadcast to another arrangement."""
    return linear(b, b.mul(linear(b, x), b.constant(np.arange(4, dtype=np.float32).reshape(4, 1))))


@pytest.mark.parametrize(("body", "op"), [(over_all, "reduceSum"), (by_row, "mul")])
def test_what_needs_the_arrangement_keeps_it(body: Body, op: str) -> None:
    before = built(body, (3, 4, 6))
    after = optimize(before)
    (step,) = [node for node in after.nodes if node.op == op]
    assert step.operands[0].shape == (3, 4, 6)
    feed = {"x": RANDOM.standard_normal((3, 4, 6)).astype(np.float32)}
    np.testing.assert_allclose(run(after, feed)["y"], run(before, feed)["y"], rtol=2e-5, atol=2e-5)

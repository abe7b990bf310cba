"""Parts that go through the same steps go through them together, and give what they gave alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes.siblings import Siblings
from webnn_graph.runtimes.reference import run

SIZE, QUERIES, KEYS = 8, 4, 2
ROWS = QUERIES + KEYS
Steps = Callable[[GraphBuilder, Operand, Operand, int], Operand]
"""A function of rows, the sines of positions, and which part it is."""


def weights(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


def built(steps: Steps, layers: int = 2) -> Graph:
    """Layers that cut queries, keys and values out of a product; their sum is read by the next layer."""
    b = GraphBuilder("siblings")
    x, sine = b.input("x", "float32", [1, (ROWS + KEYS) * SIZE]), b.sin(b.input("angle", "float32", [1, 1, 1, SIZE]))
    outputs: dict[str, Operand] = {}
    for layer in range(layers):
        product = b.gemm(x, weights(x.size, x.size, seed=layer) / 8, bTranspose=True)
        queries, keys, values = b.split(b.reshape(product, [1, ROWS + KEYS, 1, SIZE]), [QUERIES, KEYS, KEYS], axis=1)
        queries = steps(b, b.reshape(queries, [1, KEYS, QUERIES // KEYS, SIZE]), sine, 0)
        keys = steps(b, keys, sine, 1)
        outputs |= {f"queries{layer}": queries, f"keys{layer}": keys, f"values{layer}": b.relu(values)}
        x = b.concat([b.reshape(y, [1, y.size]) for y in (queries, keys, values)], 1)
    return b.build(outputs)


def normal(b: GraphBuilder, x: Operand, sine: Operand, part: int) -> Operand:
    """RMS normalization, with a scale for each part."""
    squares = b.reduceSumSquare(x, axes=[3], keepDimensions=True)
    return b.mul(weights(SIZE, seed=part), b.div(x, b.sqrt(b.linear(squares, alpha=1 / SIZE, beta=1e-5))))


def halves(b: GraphBuilder, x: Operand, sine: Operand, part: int) -> Operand:
    """Rotary embedding, scaled for one part."""
    sine = sine if part else b.mul(sine, 0.5)
    first, second = b.split(x, [SIZE // 2, SIZE // 2], axis=3)
    return b.add(b.mul(x, b.cos(sine)), b.mul(b.concat([second, first], 3), sine))


def neighbours(b: GraphBuilder, x: Operand, sine: Operand, part: int) -> Operand:
    """Rotary embedding of half of the neighbours."""
    own = b.slice(x, [0, 0, 0, 0], [*x.shape[:-1], SIZE // 2])
    sine = b.slice(sine, [0, 0, 0, 0], [1, 1, 1, SIZE // 2])
    turned = b.reshape(b.reverse(b.reshape(own, [own.size // 4, 2, 2]), axes=[2]), list(own.shape))
    rotated = b.add(b.mul(own, b.cos(sine)), b.mul(sine, turned) if part else b.mul(turned, sine))
    return b.concat([rotated, b.slice(x, [0, 0, 0, SIZE // 2], [*x.shape[:-1], SIZE // 2])], 3)


def normal_and_halves(b: GraphBuilder, x: Operand, sine: Operand, part: int) -> Operand:
    return halves(b, b.softmax(normal(b, x, sine, part), 3), sine, part)


TOGETHER: dict[str, tuple[Steps, dict[str, int]]] = {
    "a normalization": (normal, {"reduceSumSquare": 1, "div": 1, "mul": 1}),
    "halves": (halves, {"concat": 2, "add": 1}),  # and one that the layer ends with
    "neighbours": (neighbours, {"reverse": 1, "concat": 2}),
    "both": (normal_and_halves, {"reduceSumSquare": 1, "softmax": 1}),
    "numbers": (lambda b, x, sine, part: b.tanh(b.sigmoid(b.exp(b.mul(x, 2.0 + part)))), {"mul": 1, "tanh": 1}),
}


@pytest.mark.parametrize(("steps", "counts"), TOGETHER.values(), ids=TOGETHER)
def test_steps_are_done_once_for_both(steps: Steps, counts: dict[str, int]) -> None:
    before = built(steps)
    after = Siblings().apply(before)
    ops = Counter(node.op for node in after.nodes)
    another = Counter(node.op for node in Siblings().apply(built(steps, 3)).nodes)
    assert {op: another[op] - ops[op] for op in counts} == counts  # in each layer
    assert ops.total() < len(before.nodes)
    feeds = {o.name: weights(*o.shape, seed=5) for o in before.inputs}
    wanted, made = run(before, feeds), run(after, feeds)
    assert list(wanted) == list(made)
    for name, array in wanted.items():
        np.testing.assert_allclose(made[name], array, rtol=1e-5, atol=1e-5)


APART: dict[str, Steps] = {
    "other steps": lambda b, x, sine, part: b.tanh(b.sigmoid(b.exp(x))) if part else b.sin(b.cos(b.neg(x))),
    "too few": lambda b, x, sine, part: b.exp(x),
    "other options": lambda b, x, sine, part: b.tanh(b.linear(b.exp(b.linear(x, alpha=2 + part)), beta=1)),
    "across rows": lambda b, x, sine, part: b.tanh(b.exp(b.reverse(b.softmax(x, 1), axes=[1]))),
    "rows of their own": lambda b, x, sine, part: b.tanh(b.exp(b.mul(x, weights(1, *x.shape[1:3], 1)))),
}


@pytest.mark.parametrize("steps", APART.values(), ids=APART)
def test_what_is_not_alike_stays(steps: Steps) -> None:
    before = built(steps)
    assert [node.op for node in Siblings().apply(before).nodes] == [node.op for node in before.nodes]


def test_a_step_that_reads_what_is_made_of_the_other_part_stays_behind_it() -> None:
    b = GraphBuilder("dependent")
    first, second = (b.tanh(b.exp(b.sigmoid(part))) for part in b.split(b.input("x", "float32", [6, SIZE]), 2, axis=0))
    peak = b.reduceMax(first, axes=[0], keepDimensions=True)
    before = b.build({"y": b.mul(second, peak), "z": b.mul(first, b.neg(peak))})
    after = Siblings().apply(before)
    assert Counter(node.op for node in after.nodes)["exp"] == 1
    feeds = {"x": weights(6, SIZE)}
    wanted, made = run(before, feeds), run(after, feeds)
    for name, array in wanted.items():
        np.testing.assert_allclose(made[name], array, rtol=1e-5, atol=1e-5)

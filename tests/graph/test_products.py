"""Products of graphs that generate: constants that rows were multiplied by are in them, and several of the same rows are one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes.products import PRODUCTS
from webnn_graph.runtimes.reference import run

Body = Callable[[GraphBuilder, Operand], dict[str, Operand]]


def weights(*shape: int, seed: int = 0, kind: str = "float32") -> Array:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(kind)


def gemm(b: GraphBuilder, x: Operand, columns: int, **options: object) -> Operand:
    made: Operand = b.gemm(x, weights(columns, 6), bTranspose=True, **options)
    return made


def scaled(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    rows = b.mul(b.relu(x), weights(6, seed=1))
    return {"y": gemm(b, rows, 8), "z": gemm(b, rows, 7)}


def scaled_and_reshaped(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    rows = b.mul(weights(1, 1, 6, seed=1), b.relu(b.reshape(x, [1, 4, 6])))
    return {"y": gemm(b, b.reshape(rows, [4, 6]), 8)}


def scaled_and_chosen(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    rows = b.reshape(b.mul(b.relu(x), weights(6, seed=1)), [1, 4, 6])
    place = b.cast(b.reduceMax(b.clamp(x, minValue=0, maxValue=3), axes=[0, 1]), "int32")
    return {"y": gemm(b, b.reshape(b.gather(rows, b.reshape(place, [1]), axis=1), [1, 6]), 8)}


def three(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    return {f"y{n}": gemm(b, x, n) for n in (3, 4, 5)}


def three_with_biases(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    return {f"y{n}": gemm(b, x, n, c=weights(n, seed=2)) for n in (3, 4, 5)}


def three_of_scaled(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    return three(b, b.mul(b.relu(x), weights(6, seed=1)))


def three_in_rows(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    parts = zip("abc", b.split(b.relu(x), [3, 2, 1], axis=1), strict=True)
    return {name: b.exp(b.reshape(part, [1, 4, part.shape[1], 1])) for name, part in parts}


def two_of_three_in_rows(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    first, second, third = b.split(b.relu(x), 3, axis=1)
    return {"a": b.exp(first), "b": b.exp(b.reshape(second, [1, 4, 1, 2])), "c": b.exp(b.reshape(third, [1, 4, 1, 2]))}


def in_rows_and_in_pairs(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    made = {}
    for name, part in zip("ab", b.split(b.relu(b.slice(x, [0, 0], [1, 6])), [4, 2], axis=1), strict=True):
        rows = b.reshape(part, [1, part.size // 2, 2])
        made[name] = b.add(b.exp(rows), b.reshape(b.reverse(b.reshape(part, [part.size, 1]), axes=[0]), list(rows.shape)))
    return made


def transposed_parts(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    parts = b.split(b.relu(b.reshape(x, [2, 2, 6])), 2, axis=2)
    return {f"y{i}": b.exp(b.transpose(part, permutation=[2, 0, 1])) for i, part in enumerate(parts)}


def three_slices(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    return {f"y{begin}": b.exp(b.slice(x, [0, begin], [4, size])) for begin, size in ((0, 1), (1, 3), (4, 2))}


def mask_and_bias(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    mask, bias = b.cos(b.slice(x, [0, 0], [1, 6])), b.sin(b.slice(x, [1, 0], [1, 6]))
    return {name: b.exp(b.add(mask, b.add(b.call(name, x), bias))) for name in ("tanh", "sigmoid")}


FEWER: list[tuple[Body, list[str]]] = [
    (scaled, ["relu", "gemm", "gemm"]),
    (scaled_and_reshaped, ["reshape", "relu", "reshape", "gemm"]),
    (scaled_and_chosen, ["relu", "clamp", "reduceMax", "cast", "reshape", "reshape", "gather", "reshape", "gemm"]),
    (three, ["gemm", "split"]),
    (three_with_biases, ["gemm", "split"]),
    (three_of_scaled, ["relu", "gemm", "split"]),
    (three_in_rows, ["relu", "reshape", "split", "exp", "exp", "exp"]),
    (two_of_three_in_rows, ["relu", "split", "reshape", "split", "exp", "exp", "exp"]),
    (in_rows_and_in_pairs, "slice relu reshape split exp reshape reverse reshape add exp reshape reverse reshape add".split()),
    (transposed_parts, ["reshape", "relu", "transpose", "split", "exp", "exp"]),
    (three_slices, ["split", "exp", "exp", "exp"]),
    (mask_and_bias, ["slice", "cos", "slice", "sin", "tanh", "add", "add", "exp", "sigmoid", "add", "exp"]),
]


def built(body: Body) -> Graph:
    b = GraphBuilder("products")
    return b.build(body(b, b.input("x", "float32", (4, 6))))


@pytest.mark.parametrize(("body", "ops"), FEWER, ids=lambda value: getattr(value, "__name__", ""))
def test_fewer_calls_that_are_equal(body: Body, ops: list[str]) -> None:
    before = built(body)
    after = PRODUCTS.apply(before)
    assert [node.op for node in after.nodes] == ops
    assert after.weight_bytes <= before.weight_bytes
    x = {"x": weights(4, 6, seed=3)}
    wanted, made = run(before, x), run(after, x)
    for name, array in wanted.items():
        np.testing.assert_allclose(made[name], array, rtol=1e-5, atol=1e-5)


def turned(b: GraphBuilder, x: Operand) -> list[tuple[Operand, list[int]]]:
    first, second = b.split(b.reshape(x, [2, 2, 6]), [3, 3], axis=2)
    return [(first, [2, 0, 1]), (second, [2, 1, 0])]


def shared(b: GraphBuilder, x: Operand) -> Operand:
    return b.constant(weights(3, 6), name="shared")


def parts(b: GraphBuilder, x: Operand, *shapes: list[int], sizes: tuple[int, ...] = (3, 3)) -> dict[str, Operand]:
    """Parts of rows, reshaped."""
    each = zip(b.split(b.relu(x), list(sizes), axis=1), shapes, strict=True)
    return {f"y{i}": b.exp(b.reshape(part, shape)) for i, (part, shape) in enumerate(each)}


def slices(b: GraphBuilder, x: Operand, *ranges: tuple[int, int]) -> dict[str, Operand]:
    return {f"y{begin}": b.exp(b.slice(x, [0, begin], [4, end - begin])) for begin, end in ranges}


STAYS: list[Body] = [
    lambda b, x: parts(b, x, [4, 3, 1], [12]),  # rows of different lengths
    lambda b, x: parts(b, x, [2, 2, 1, 3], [4, 3]),  # two arrangements: as many calls
    lambda b, x: slices(b, x, (0, 2), (2, 4), (3, 6)),  # they overlap
    lambda b, x: slices(b, x, (0, 2), (2, 3), (4, 6)),  # not all of it
    lambda b, x: slices(b, x, (0, 2), (2, 6)),  # two slices are quicker
    lambda b, x: {f"y{i}": b.exp(b.transpose(part, permutation=p)) for i, (part, p) in enumerate(turned(b, x))},  # not alike
    lambda b, x: {"y": b.add(b.add(b.tanh(x), b.cos(x)), b.sin(x))},  # nothing is shared
    lambda b, x: {"y": gemm(b, rows := b.mul(x, weights(6)), 8), "z": b.relu(rows)},  # the rows are read as they are, too
    lambda b, x: {"y": b.gemm(b.mul(x, weights(6)), w := shared(b, x), bTranspose=True), "z": b.gather(w, np.array([1, 0]))},
    lambda b, x: {"y": gemm(b, b.mul(x, weights(4, 1)), 8)},  # a factor for each row
    lambda b, x: {f"y{n}": gemm(b, x, n) for n in (3, 4)},  # no fewer calls
    lambda b, x: {"y": gemm(b, x, 3), "z": gemm(b, x, 4, alpha=2.0), "v": gemm(b, x, 5)},
    lambda b, x: {"y": gemm(b, x, 3), "z": gemm(b, x, 4, c=weights(4, 4)), "v": gemm(b, x, 5)},
]


@pytest.mark.parametrize("body", STAYS, ids=range(len(STAYS)))
def test_what_stays(body: Body) -> None:
    before = built(body)
    assert [node.op for node in PRODUCTS.apply(before).nodes] == [node.op for node in before.nodes]

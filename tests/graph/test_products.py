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


FEWER: list[tuple[Body, list[str]]] = [
    (scaled, ["relu", "gemm", "gemm"]),
    (scaled_and_reshaped, ["reshape", "relu", "reshape", "gemm"]),
    (scaled_and_chosen, ["relu", "clamp", "reduceMax", "cast", "reshape", "reshape", "gather", "reshape", "gemm"]),
    (three, ["gemm", "split"]),
    (three_with_biases, ["gemm", "split"]),
    (three_of_scaled, ["relu", "gemm", "split"]),
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


def shared(b: GraphBuilder, x: Operand) -> Operand:
    return b.constant(weights(3, 6), name="shared")


STAYS: list[Body] = [
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

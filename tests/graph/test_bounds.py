"""What graphs imply of their integer inputs, and that made-up values keep to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.feeds import complete
from webnn_graph.graph import Operand

TABLE = np.ones((7, 4), np.float32)


@dataclass(frozen=True)
class Row:
    """A graph of one integer input ``x``, and the values that every element of it may have."""

    name: str
    shape: tuple[int, ...]
    build: Callable[[GraphBuilder, Operand], Operand]
    low: int | list[int]
    high: int | list[int]
    data_type: str = "int64"
    check: Callable[[Array], bool] = lambda values: True


def ones(*shape: int) -> Array:
    return np.ones(shape, np.float32)


def wrapped(b: GraphBuilder, x: Operand, size: int) -> Operand:
    """An index from the end, as exporters write it."""
    return b.where(b.lesser(x, 0), b.add(x, size), x)


def differ(axis: int) -> Callable[[Array], bool]:
    """Whether the elements of each line along an axis are distinct."""
    return lambda values: bool((np.diff(np.sort(values, axis), axis=axis) > 0).all())


def rows_differ(values: Array) -> bool:
    return len(np.unique(values.reshape(-1, values.shape[-1]), axis=0)) == values.size // values.shape[-1]


ROWS = [
    Row("table", (2, 50), lambda b, x: b.gather(TABLE, x), 0, 6),
    Row("along another axis", (50,), lambda b, x: b.gather(TABLE, x, axis=1), 0, 3, "int32"),
    Row("after arithmetic", (50,), lambda b, x: b.gather(TABLE, b.sub(b.mul(b.cast(x, "int32"), 2), 3)), 2, 4),
    Row("taken from a number", (50,), lambda b, x: b.gather(TABLE, b.sub(np.int64(9), x)), 3, 9),
    Row("after wrapping", (50,), lambda b, x: b.gather(TABLE, wrapped(b, x, 7)), 0, 6),
    Row("limited", (50,), lambda b, x: b.gather(TABLE, b.clamp(x, minValue=0, maxValue=100)), 0, 6),
    Row(
        "moved", (5, 10), lambda b, x: b.gather(TABLE, b.reshape(b.transpose(b.expand(b.reshape(x, [1, 5, 10]), [2, 5, 10])), [100])), 0, 6
    ),
    Row("parts of it", (2,), lambda b, x: b.add(b.gather(TABLE, b.split(x, 2)[0]), b.gather(ones(3, 4), b.split(x, 2)[1])), 0, [6, 2]),
    Row("joined", (3,), lambda b, x: b.gather(TABLE, b.concat([np.zeros(2, np.int64), x], 0)), 0, 6),
    Row("the smallest of two tables", (50,), lambda b, x: b.add(b.gather(TABLE, x), b.gather(ones(3, 4), x)), 0, 2),
    Row("elements", (5, 4), lambda b, x: b.gatherElements(TABLE, x, axis=0), 0, 6),
    Row("rows of indices", (50, 2), lambda b, x: b.gatherND(TABLE, x), 0, [6, 3]),
    Row("one-hot", (50,), lambda b, x: b.equal(b.reshape(x, [50, 1]), np.arange(5)), 0, 4),
    Row("length", (50, 1), lambda b, x: b.lesser(np.arange(8), x), 1, 7),
    Row("scattered", (6, 4), lambda b, x: b.scatterElements(TABLE, x, ones(6, 4), axis=0), 0, 6, check=differ(0)),
    Row(
        "scattered after wrapping",
        (7, 3),
        lambda b, x: b.scatterElements(TABLE, wrapped(b, x, 4), ones(7, 3), axis=1),
        0,
        3,
        check=differ(1),
    ),
    Row("scattered rows", (20, 2), lambda b, x: b.scatterND(TABLE, x, ones(20)), 0, [6, 3], check=rows_differ),
    Row("scattered along one axis", (6,), lambda b, x: b.scatterND(TABLE, b.reshape(x, [6, 1]), ones(6, 4)), 0, 6, check=differ(0)),
    Row("condition", (9,), lambda b, x: b.where(x, ones(9), np.float32(0)), 0, 1, "uint8", lambda values: values[0] == 1),
    Row(
        "mask of another name", (9,), lambda b, x: b.mul(b.sub(1.0, b.cast(x, "float32")), -1e9), 0, 1, check=lambda values: values[0] == 1
    ),
    Row("nothing implied", (90,), lambda b, x: b.add(x, 1), 0, 15),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_made_up_integers_are_what_the_graph_takes(row: Row, seed: int) -> None:
    b = GraphBuilder()
    x = b.input("x", row.data_type, row.shape)
    values = complete(b.build({"y": row.build(b, x)}), {}, seed)["x"]
    assert values.dtype == row.data_type
    assert values.shape == row.shape
    assert (values >= row.low).all()
    assert (values <= row.high).all()
    assert row.check(values)


def test_the_whole_table_is_used() -> None:
    b = GraphBuilder()
    x = b.input("x", "int64", [400])
    assert set(complete(b.build({"y": b.gather(TABLE, x)}), {})["x"]) == set(range(7))


def test_what_cannot_be_distinct_is_still_inside() -> None:
    b = GraphBuilder()
    x = b.input("x", "int64", [20, 1])
    values = complete(b.build({"y": b.scatterND(TABLE, x, ones(20, 4))}), {})["x"]
    assert ((values >= 0) & (values < 7)).all()

"""Products with one-hot numbers: rows of a table, which are looked up instead."""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View


def one_hot(view: View, node: Node) -> Build | None:
    """matmul(cast(equal(i, [0, 1, ...])), table): gather(table, i), and a row of zeros where i is none of them."""
    hot, table = view.producer(node.arguments["a"], "cast"), node.arguments["b"]
    equal = view.producer(hot.arguments["input"], "equal") if hot else None
    values = view.value(table)
    if equal is None or values is None or table.rank != 2 or not view.only_user(table) or not np.isfinite(values).all():
        return None
    for indices, classes in (("a", "b"), ("b", "a")):
        found: Operand = equal.arguments[indices]
        is_column = found.shape == (*equal.output.shape[:-1], 1) and found.data_type in (DataType.INT32, DataType.INT64)
        if is_column and _counts(view.value(equal.arguments[classes]), len(values)):
            return lambda b, new, found=found: _looked_up(b, new, found, table, values)  # type: ignore[misc]
    return None


def _counts(classes: Array | None, count: int) -> bool:
    """Whether the last axis is 0, 1, ... and all others have one element."""
    return classes is not None and classes.shape[-1:] == (count,) and np.array_equal(classes.ravel(), range(count))


def _looked_up(b: GraphBuilder, new: Mapped, indices: Operand, table: Operand, values: Array) -> Operand:
    zeros_last = b.constant(np.pad(values, ((0, 1), (0, 0))), table.data_type, table.name)
    places = b.min(b.max(b.reshape(new(indices), list(indices.shape[:-1])), -1), len(values))  # -1 is the last row, too
    found: Operand = b.gather(zeros_last, places, axis=0)
    return found


RULES: dict[str, list[Rule]] = {"matmul": [one_hot]}

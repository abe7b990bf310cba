"""Products with constants in fewer calls, for graphs that are computed again and again: what multiplies their rows is multiplied into the
constants, and several products of the same rows are one.

A graph of one token has some 40 calls in each layer, most of them too short to be worth a call. Elsewhere the constants stay those of
the model.
"""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.rewrite import Build, Mapped, Pass, View, again

LEAST_JOINED = 3
"""Products that are joined at least; what cuts their result is a call, too."""


def scaled_rows(view: View, node: Node) -> Build | None:
    """gemm of rows that were multiplied by a constant row: gemm of the rows, with a constant that was."""
    scaled = _scaled(view, node.arguments["a"])
    factor = _own_factor(view, node)
    if scaled is None or factor is None:
        return None
    x, scale = scaled
    if not all(_own_factor(view, reader) is not None for reader in _readers_of_rows(view, node.arguments["a"])):
        return None  # the product with the scale is needed anyway
    a: Operand = node.arguments["a"]
    values = (factor * scale).astype(factor.dtype)
    name = node.arguments["b"].name
    return lambda b, new: again(b, new, node, a=b.reshape(new(x), list(a.shape)), b=b.constant(values, name=name))


def chosen_rows(view: View, node: Node) -> Build | None:
    """gather of some of the rows that were multiplied by a constant row: the product of the chosen ones."""
    rows: Operand = node.arguments["input"]
    scaled = _scaled(view, rows)
    if scaled is None or node.arguments.get("axis", 0) == rows.rank - 1 or not view.only_user(rows):
        return None
    x, scale = scaled
    return lambda b, new: b.mul(again(b, new, node, input=b.reshape(new(x), list(rows.shape))), scale)


def _scaled(view: View, operand: Operand) -> tuple[Operand, Array] | None:
    """x and a constant row, where an operand is their product, or a reshape of it with whole rows."""
    reshape = view.producer(operand, "reshape")
    before = reshape.arguments["input"] if reshape else operand
    product = view.producer(before, "mul")
    if product is None or before.shape[-1:] != operand.shape[-1:]:
        return None
    for x, row in ((product.arguments["a"], product.arguments["b"]), (product.arguments["b"], product.arguments["a"])):
        values = view.value(row)
        if (
            values is not None
            and values.dtype == np.float32
            and values.size == operand.shape[-1] == values.shape[-1]
            and x.shape == before.shape
        ):
            return x, values.reshape(-1)
    return None


def _readers_of_rows(view: View, operand: Operand) -> list[Node]:
    """All that read what an operand is, or is a reshape of, but for reshapes."""
    reshape = view.producer(operand, "reshape")
    before: Operand = reshape.arguments["input"] if reshape else operand
    reshaped = [reader.output for reader in view.readers(before) if reader.op == "reshape"]
    return [reader for each in (before, *reshaped) for reader in view.readers(each) if reader.op != "reshape"]


def _own_factor(view: View, node: Node) -> Array | None:
    """The constant [columns, rows] of a gemm that nothing else reads."""
    if node.op != "gemm" or not node.arguments.get("bTranspose", False) or node.arguments.get("aTranspose", False):
        return None
    factor: Operand = node.arguments["b"]
    values = view.value(factor)
    return values if values is not None and values.dtype == np.float32 and view.only_user(factor) else None


def joined(view: View, node: Node) -> Build | None:
    """Several gemm of the same rows: one, and its parts."""
    a: Operand = node.arguments["a"]
    beside = [reader for reader in view.readers(a) if reader.op == "gemm" and reader.arguments["a"] is a and _is_alike(view, reader, node)]
    if node not in beside or len(beside) < LEAST_JOINED:
        return None
    place = beside.index(node)
    has_bias = "c" in node.arguments

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        constants = {"b": b.concat([new(each.arguments["b"]) for each in beside], 0)}
        if has_bias:
            constants["c"] = b.concat([new(each.arguments["c"]) for each in beside], 0)
        whole = again(b, new, node, **constants)
        part: Operand = b.split(whole, [each.output.shape[1] for each in beside], axis=1)[place]
        return part

    return build


def _is_alike(view: View, node: Node, other: Node) -> bool:
    """Whether a gemm has a constant of its own and the same options as another."""
    if _own_factor(view, node) is None:
        return False
    bias = node.arguments.get("c")
    if bias is not None and (view.value(bias) is None or bias.shape != node.output.shape[1:]):
        return False
    return {k: v for k, v in node.arguments.items() if k not in "abc"} == {k: v for k, v in other.arguments.items() if k not in "abc"} and (
        (bias is None) == ("c" not in other.arguments)
    )


PRODUCTS = Pass("products", ({"gather": [chosen_rows], "gemm": [scaled_rows, joined]},))

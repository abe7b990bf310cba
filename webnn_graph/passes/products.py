"""Products with constants in fewer calls, for graphs that are computed again and again: what multiplies their rows is multiplied into the
constants, several products of the same rows are one, and its parts are arranged all at once.

A graph of one token has some 35 calls in each layer, most of them too short to be worth a call. Elsewhere the constants stay those of
the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand, Shape
from webnn_graph.passes.movement import permutation_of
from webnn_graph.passes.rewrite import Build, Mapped, Pass, View, again
from webnn_graph.passes.rotary import as_split, parts_with

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


def reshaped_parts(view: View, node: Node) -> Build | None:
    """split of rows of which neighbouring parts are reshaped, each to rows of the same length: one reshape, and its parts."""
    x: Operand = node.arguments["input"]
    if node.arguments.get("axis", 0) != x.rank - 1:
        return None
    shapes = [_reshaped(view, part) for part in node.outputs]
    for begin, shape in enumerate(shapes):
        end = begin
        while shape and end < len(shapes) and shapes[end] and shapes[end][-1] == shape[-1]:
            end += 1
        if end - begin > 1:
            return _in_rows(node, begin, shapes[begin:end])
    return None


def _reshaped(view: View, part: Operand) -> Shape:
    """The shape to which an operand is reshaped before anything reads it, that of the longest rows; empty if it is not."""
    readers = view.readers(part)
    if part in view.graph.outputs or any(reader.op != "reshape" for reader in readers):
        return ()
    return max((reader.output.shape for reader in readers), key=lambda shape: shape[-1:], default=())


def _in_rows(node: Node, begin: int, shapes: Sequence[Shape]) -> Build | None:
    """The split with the parts from ``begin`` on, which get these shapes, made by one reshape, unless that takes more calls."""
    x: Operand = node.arguments["input"]
    end, length = begin + len(shapes), shapes[0][-1]
    sizes = [part.shape[-1] for part in node.outputs]
    counts = [size // length for size in sizes[begin:end]]
    before = 2 if len(shapes) < len(sizes) else 1
    for count, shape in zip(counts, shapes, strict=True):
        place = _place_of_rows(shape, math.prod(x.shape[:-1]), count * length)
        if place is None:
            continue
        arranged = [(*shape[:place], n, *shape[place + 1 :]) for n in counts]
        if sum(a != b for a, b in zip(arranged, shapes, strict=True)) + before <= len(shapes):
            whole = [*shape[:place], sum(counts), *shape[place + 1 :]]

            def build(b: GraphBuilder, new: Mapped, place: int = place, whole: list[int] = whole) -> list[Operand]:
                apart = [*sizes[:begin], sum(sizes[begin:end]), *sizes[end:]]
                parts = b.split(new(x), apart, axis=x.rank - 1) if len(apart) > 1 else [new(x)]
                rows = b.split(b.reshape(parts[begin], whole), counts, axis=place)
                parts[begin : begin + 1] = [b.reshape(row, list(old.shape)) for row, old in zip(rows, node.outputs[begin:end], strict=True)]
                return parts

            return build
    return None


def _place_of_rows(shape: Shape, rows: int, width: int) -> int | None:
    """The axis of a shape that says into how many rows each row of a matrix [rows, width] is cut, if one does."""
    places = [axis for axis in range(len(shape) - 1) if shape[axis] * shape[-1] == width and math.prod(shape[:axis]) == rows]
    return next((axis for axis in places if math.prod(shape[axis + 1 : -1]) == 1), None)


def cut(view: View, node: Node) -> Build | None:
    """slice of one of several parts that together are all of a tensor: a split into them."""
    parts = parts_with(view, node)
    return as_split(node, parts) if len(parts) >= LEAST_JOINED else None


def transposed_parts(view: View, node: Node) -> Build | None:
    """split whose parts are all transposed alike: split of the transpose."""
    x: Operand = node.arguments["input"]
    readers = [reader for part in node.outputs for reader in view.readers(part)]
    if any(not view.only_user(part) for part in node.outputs) or {reader.op for reader in readers} != {"transpose"}:
        return None
    permutation = permutation_of(readers[0])
    if len(readers) != len(node.outputs) or any(permutation_of(other) != permutation for other in readers):
        return None
    back = [permutation.index(axis) for axis in range(x.rank)]
    before = node.arguments.get("axis", 0)
    sizes, axis = [part.shape[before] for part in node.outputs], permutation.index(before)

    def build(b: GraphBuilder, new: Mapped) -> list[Operand]:
        parts = b.split(b.transpose(new(x), permutation=permutation), sizes, axis=axis)
        return [b.transpose(part, permutation=back) for part in parts]

    return build


def shared_sum(view: View, node: Node) -> Build | None:
    """x + u + v, where u and v are those of other sums, too, as masks and biases of positions are: their sum, computed once."""
    for total, v in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        inner = view.producer(total, "add")
        if inner is None or not view.only_user(total) or not _is_of_sums(view, v) or node.output.shape != total.shape:
            continue
        for x, u in ((inner.arguments["a"], inner.arguments["b"]), (inner.arguments["b"], inner.arguments["a"])):
            if x.shape == total.shape and _is_of_sums(view, u) and not _is_of_sums(view, x):
                return lambda b, new, x=x, u=u, v=v: b.add(new(x), b.add(new(u), new(v)))  # type: ignore[misc]
    return None


def _is_of_sums(view: View, operand: Operand) -> bool:
    """Whether several sums, and nothing else, read an operand."""
    readers = view.readers(operand)
    return len(readers) > 1 and all(reader.op == "add" for reader in readers)


PRODUCTS = Pass(
    "products",
    (
        {
            "gather": [chosen_rows],
            "gemm": [scaled_rows, joined],
            "slice": [cut],
            "split": [reshaped_parts, transposed_parts],
            "add": [shared_sum],
        },
    ),
)

"""Calls that need no node: what the builder returns instead of making one.

A rule gets the builder, the bound arguments and the inferred descriptors of one call. It returns an operand (or a list of
them) that has the same values, or None when the call is needed. Rules look at one call and the producer of its operand,
no further; larger patterns are `webnn_graph.passes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Node, Operand
from webnn_graph.ops.convolution import FILTER_AXES


class Calls(Protocol):
    """What a rule needs of the builder."""

    def call(self, op: str, *args: Any, **options: Any) -> Any:
        """One operator call."""

    def producer(self, operand: Operand) -> Node | None:
        """The node that computes the operand; None for inputs and constants."""

    def value(self, operand: Operand) -> Array | None:
        """The operand's values if they are known, else None."""


Arguments: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Callable[[Calls, Arguments, Sequence[Descriptor]], Operand | list[Operand] | None]


def clamp(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """clamp with bounds that nothing is beyond."""
    idle = {"minValue": -math.inf, "maxValue": math.inf}
    bounds = {name: arguments[name] for name in idle if name in arguments and arguments[name] != idle[name]}
    if len(bounds) == len(arguments) - 1 and bounds:
        return None
    operand: Operand = arguments["input"]
    return b.call("clamp", operand, **bounds) if bounds else operand


def slice_(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """slice of all; with strides that skip nothing, which need not be said; with sizes that go on behind the last element."""
    whole = same_descriptor(b, arguments, results)
    if whole or "strides" not in arguments:
        return whole
    given, strides = arguments["sizes"], arguments["strides"]
    counts = results[0].shape
    sizes = [(n - 1) * stride + 1 if n > 1 else size for n, stride, size in zip(counts, strides, given, strict=True)]
    is_plain = set(strides) == {1}
    if sizes == given and not is_plain:
        return None
    shortest: Operand = b.call("slice", arguments["input"], arguments["starts"], sizes, strides=None if is_plain else strides)
    return shortest


def same_descriptor(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """Operators that only ever change the descriptor do nothing when it stays."""
    operand: Operand = arguments["input"]
    return operand if operand.descriptor == results[0] else None


def reshape(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """reshape to the same shape; a reshape of a reshape."""
    operand: Operand = arguments["input"]
    before = b.producer(operand)
    if before is not None and before.op == "reshape" and operand.descriptor != results[0]:
        merged: Operand = b.call("reshape", before.arguments["input"], list(results[0].shape))
        return merged
    return same_descriptor(b, arguments, results)


def transpose(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """The identity permutation; a transpose of a transpose; one that only moves dimensions of size 1."""
    operand: Operand = arguments["input"]
    permutation = arguments.get("permutation", list(range(operand.rank))[::-1])
    if permutation == sorted(permutation):
        return operand
    before = b.producer(operand)
    if before is not None and before.op == "transpose":
        inner: Operand = before.arguments["input"]
        first = before.arguments.get("permutation", list(range(inner.rank))[::-1])
        merged: Operand = b.call("transpose", inner, permutation=[first[axis] for axis in permutation])
        return merged
    moved = [axis for axis in permutation if operand.shape[axis] > 1]
    if moved == sorted(moved):
        reshaped: Operand = b.call("reshape", operand, list(results[0].shape))
        return reshaped
    return None


def concat(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """concat of one operand that has elements."""
    inputs: list[Operand] = arguments["inputs"]
    filled = [operand for operand in inputs if operand.size]
    if len(filled) <= 1:
        return filled[0] if filled else None
    if len(filled) == len(inputs):
        return None
    joined: Operand = b.call("concat", filled, arguments["axis"])
    return joined


def split(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> list[Operand] | None:
    """split into one piece, or into what was put together."""
    operand: Operand = arguments["input"]
    before = b.producer(operand)
    if before is not None and before.op == "concat" and before.arguments["axis"] == arguments.get("axis", 0):
        parts: list[Operand] = before.arguments["inputs"]
        if [part.shape for part in parts] == [result.shape for result in results]:
            return parts
    return [operand] if len(results) == 1 else None


def cast(b: Calls, arguments: Arguments, results: Sequence[Descriptor]) -> Operand | None:
    """cast to the same type; floating point to int32 and back, of a product of quantized tensors that is whole anyway."""
    operand: Operand = arguments["input"]
    before = b.producer(operand)
    if before is not None and before.op == "cast" and operand.data_type == DataType.INT32:
        first: Operand = before.arguments["input"]
        if first.descriptor == results[0] and _is_small_and_whole(b, first):
            return first
    return same_descriptor(b, arguments, results)


def _is_small_and_whole(b: Calls, operand: Operand) -> bool:
    """Whether it is a sum of products of integers that cannot leave int32."""
    product = _maker(b, operand)
    if product is None or product.op not in ("matmul", "conv2d") or len(product.operands) != 2:
        return False
    weights = product.operands[1]
    outputs = FILTER_AXES[product.arguments.get("filterLayout", "oihw")][0] if product.op == "conv2d" else None
    terms = weights.shape[-2] if outputs is None else weights.size // weights.shape[outputs]
    largest = 2**8 - 1  # of the distance of two numbers of 8 bits
    return terms * largest**2 < 2**31 and all(_is_whole_byte(b, factor) for factor in product.operands)


def _maker(b: Calls, operand: Operand) -> Node | None:
    """The node that computes the operand, or what was reshaped to it."""
    node = b.producer(operand)
    return b.producer(node.arguments["input"]) if node is not None and node.op == "reshape" else node


def _is_whole_byte(b: Calls, operand: Operand) -> bool:
    """Whether it is at most 8-bit integers that are dequantized with scale 1."""
    source = _maker(b, operand)
    if source is None or source.op != "dequantizeLinear" or source.arguments["input"].data_type.bits > 8:
        return False
    scale = b.value(source.arguments["scale"])
    return scale is not None and bool((scale == 1).all())


SHORTCUTS: dict[str, Rule] = {
    "identity": same_descriptor,
    "cast": cast,
    "clamp": clamp,
    "expand": same_descriptor,
    "tile": same_descriptor,
    "pad": same_descriptor,
    "slice": slice_,
    "reshape": reshape,
    "transpose": transpose,
    "concat": concat,
    "split": split,
}
"""Rules by operator."""

"""Kinds of rules about a node's operands and attributes; which operator has which is in `converters.onnx.reading.rule_table`.

A rule gets the `CheckedNode` and raises `ConversionError` with `invalid` when it is broken. What WebNN's own rules find anyway is not
repeated here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import onnx

from converters.onnx.registry import Value
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


class CheckedNode:
    """A node with the values of its inputs, by the names that its schema has for them."""

    def __init__(self, b: GraphBuilder, node: onnx.NodeProto, names: Sequence[str], inputs: Sequence[Value]) -> None:
        self.b = b
        self.node = node
        self.inputs = inputs
        self._names = names

    def operand(self, name: str) -> Operand | None:
        """The input of this name, if it is a tensor that is there."""
        at = self._names.index(name) if name in self._names else len(self.inputs)
        value = self.inputs[at] if at < len(self.inputs) else None
        return value if isinstance(value, Operand) else None

    def has(self, name: str) -> bool:
        """Whether this version of the operator has an input of this name."""
        return name in self._names

    def rest(self, name: str) -> list[Value]:
        """The inputs from this one on."""
        return list(self.inputs[self._names.index(name) :])

    def value(self, name: str) -> Array | None:
        """The values of an input that are known."""
        operand = self.operand(name)
        return None if operand is None else self.b.value(operand)

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value."""
        found = next((attribute for attribute in self.node.attribute if attribute.name == name), None)
        return default if found is None else onnx.helper.get_attribute_value(found)

    def require(self, condition: bool, why: str) -> None:
        """Raises `ConversionError` unless the condition holds."""
        if not condition:
            raise ConversionError(f"is not a valid node: {why}")


Rule: TypeAlias = Callable[[CheckedNode], None]


# ------------------------------------------------------------------------------------------------------------ making rules
def rank(least: int, most: int | None, *names: str) -> Rule:
    """The inputs of these names have a rank from ``least`` to ``most``; None sets no limit."""
    expected = f"rank {least}" if least == most else f"at least rank {least}" if most is None else f"rank {least} to {most}"

    def check(call: CheckedNode) -> None:
        for name in names:
            operand = call.operand(name)
            if operand is not None:
                fits = least <= operand.rank and (most is None or operand.rank <= most)
                call.require(fits, f"{name} has rank {operand.rank}, expected {expected}")

    return check


def same_rank(first: str, *names: str) -> Rule:
    """The inputs of these names have the rank of the first."""

    def check(call: CheckedNode) -> None:
        like = call.operand(first)
        for name in names:
            operand = call.operand(name)
            if operand is not None and like is not None:
                call.require(operand.rank == like.rank, f"{name} has rank {operand.rank}, {first} has rank {like.rank}")

    return check


def axis(of: str, name: str = "axis", *, more: int = 0, after: int = 0) -> Rule:
    """The attribute, an axis or a list of them, lies inside the input's rank.

    Args:
        of: The input.
        name: The attribute.
        more: How many axes the result has more.
        after: 1 when the place behind the last axis counts, too.
    """

    def check(call: CheckedNode) -> None:
        operand, value = call.operand(of), call.attribute(name)
        if operand is None or value is None:
            return
        extent = operand.rank + more
        for item in value if not isinstance(value, int) else [value]:
            call.require(-extent <= item < extent + after, f"{name} {item} is out of range for rank {extent}")

    return check


def numbers(least: int, *names: str) -> Rule:
    """The attributes of these names, numbers or lists of them, are at least ``least``."""

    def check(call: CheckedNode) -> None:
        for name in names:
            value = call.attribute(name)
            if value is not None:
                each = [value] if isinstance(value, int | float) else list(value)
                call.require(all(item >= least for item in each), f"{name} is {value}; it must be at least {least}")

    return check


def flags(*names: str) -> Rule:
    """The attributes of these names are 0 or 1."""

    def check(call: CheckedNode) -> None:
        for name in names:
            value = call.attribute(name, 0)
            call.require(value in (0, 1), f"{name} is {value}; it must be 0 or 1")

    return check


def finite(*names: str) -> Rule:
    """The attributes of these names are finite numbers."""

    def check(call: CheckedNode) -> None:
        for name in names:
            value = call.attribute(name)
            if value is not None:
                each = [value] if isinstance(value, int | float) else list(value)
                call.require(all(map(math.isfinite, each)), f"{name} is not finite")

    return check


def lengths(of: str, *names: str, times: int = 1) -> Rule:
    """The attributes of these names have ``times`` entries for each spatial dimension of an input; empty ones count as absent."""

    def check(call: CheckedNode) -> None:
        operand = call.operand(of)
        for name in names:
            value = call.attribute(name)
            if value and operand is not None:
                wanted = times * (operand.rank - 2)
                call.require(len(value) == wanted, f"{name} has {len(value)} entries, expected {wanted}")

    return check


def shapes(why: str, condition: Callable[..., bool], *names: str, **attributes: Any) -> Rule:
    """What must hold of the shapes of inputs that are all there, and of attributes, which are given with their defaults."""

    def check(call: CheckedNode) -> None:
        operands = [call.operand(name) for name in names]
        given = [operand.shape for operand in operands if operand is not None]
        if len(given) == len(names):
            options = [call.attribute(name, default) for name, default in attributes.items()]
            call.require(condition(*given, *options), why)

    return check


def values(why: str, condition: Callable[..., bool], *names: str) -> Rule:
    """What must hold of the values, as arrays, of inputs that are all known."""

    def check(call: CheckedNode) -> None:
        known = [call.value(name) for name in names]
        if all(array is not None for array in known):
            call.require(condition(*known), why)

    return check


def one(*names: str) -> Rule:
    """The inputs of these names have one element."""

    def check(call: CheckedNode) -> None:
        for name in names:
            operand = call.operand(name)
            if operand is not None:
                call.require(operand.size == 1, f"{name} has {operand.size} elements, expected one")

    return check


def one_of(name: str, *allowed: str) -> Rule:
    """The attribute, a string, is one of these."""

    def check(call: CheckedNode) -> None:
        value = call.attribute(name)
        if value is not None:
            call.require(value.decode("utf-8", "replace") in allowed, f"{name} is none of {', '.join(allowed)}")

    return check


def of_all(why: str, condition: Callable[..., bool], first: str, **attributes: Any) -> Rule:
    """What must hold of all inputs from ``first`` on, as a list of operands (lists for sequences, None for absent ones)."""

    def check(call: CheckedNode) -> None:
        options = [call.attribute(name, default) for name, default in attributes.items()]
        call.require(condition(call.rest(first), *options), why)

    return check

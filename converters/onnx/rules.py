"""What schemas say of ranks and values only in prose: one table by operator, for handlers to rely on.

A rule gets the `Call` and raises `ConversionError` with `invalid` when it is broken. What WebNN's own rules find anyway is not
repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import onnx

from converters.onnx.registry import Value
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


class Call:
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


Rule: TypeAlias = Callable[[Call], None]


# ------------------------------------------------------------------------------------------------------------ making rules
def rank(least: int, most: int | None = None, /, *names: str) -> Rule:
    """The inputs of these names have a rank from ``least`` to ``most``; None sets no limit."""
    expected = f"rank {least}" if least == most else f"at least rank {least}" if most is None else f"rank {least} to {most}"

    def check(call: Call) -> None:
        for name in names:
            operand = call.operand(name)
            if operand is not None:
                fits = least <= operand.rank and (most is None or operand.rank <= most)
                call.require(fits, f"{name} has rank {operand.rank}, expected {expected}")

    return check


def same_rank(first: str, *names: str) -> Rule:
    """The inputs of these names have the rank of the first."""

    def check(call: Call) -> None:
        like = call.operand(first)
        for name in names:
            operand = call.operand(name)
            if operand is not None and like is not None:
                call.require(operand.rank == like.rank, f"{name} has rank {operand.rank}, {first} has rank {like.rank}")

    return check


def numbers(least: int, *names: str) -> Rule:
    """The attributes of these names, numbers or lists of them, are at least ``least``."""

    def check(call: Call) -> None:
        for name in names:
            value = call.attribute(name)
            if value is not None:
                each = [value] if isinstance(value, int | float) else list(value)
                call.require(all(item >= least for item in each), f"{name} is {value}; it must be at least {least}")

    return check


def lengths(of: Callable[[Call], int | None], *names: str, times: int = 1) -> Rule:
    """The attributes of these names have as many entries as ``of`` says, ``times`` that; empty ones count as absent."""

    def check(call: Call) -> None:
        wanted = of(call)
        for name in names:
            value = call.attribute(name)
            if value and wanted is not None:
                call.require(len(value) == times * wanted, f"{name} has {len(value)} entries, expected {times * wanted}")

    return check


def one_of(name: str, *allowed: str) -> Rule:
    """The attribute, a string, is one of these."""

    def check(call: Call) -> None:
        value = call.attribute(name)
        if value is not None:
            call.require(value.decode("utf-8", "replace") in allowed, f"{name} is none of {', '.join(allowed)}")

    return check


def spatial(name: str = "X") -> Callable[[Call], int | None]:
    """How many dimensions an input has besides batch and channels."""

    def count(call: Call) -> int | None:
        operand = call.operand(name)
        return None if operand is None else operand.rank - 2

    return count


def groups(x: str, w: str, *, transposed: bool = False, last: bool = False) -> Rule:
    """A convolution's groups divide its channels, and the filter is for as many."""

    def check(call: Call) -> None:
        group, image, filters = call.attribute("group", 1), call.operand(x), call.operand(w)
        call.require(group >= 1, f"group is {group}; it must be at least 1")
        if image is None or filters is None:
            return
        channels, outer = image.shape[-1 if last else 1], filters.shape[0]
        inner = filters.shape[-1 if last else 1]
        call.require(channels % group == 0, f"group is {group}, which does not divide the {channels} channels of {x}")
        if transposed:
            call.require(outer == channels, f"{w} is for {outer} channels, {x} has {channels}")
        else:
            call.require(outer % group == 0, f"group is {group}, which does not divide the {outer} outputs of {w}")
            call.require(inner * group == channels, f"{w} is for {inner * group} channels, {x} has {channels}")
        kernel = list(filters.shape[1:-1] if last else filters.shape[2:])
        given = call.attribute("kernel_shape")
        call.require(not given or list(given) == kernel, f"kernel_shape is {given}, the kernel of {w} is {kernel}")

    return check


def convolution(x: str, w: str, bias: str = "", *, transposed: bool = False, last: bool = False) -> tuple[Rule, ...]:
    """What all convolutions share."""
    return (
        rank(3, 5, x),
        same_rank(x, w),
        groups(x, w, transposed=transposed, last=last),
        numbers(1, "strides", "dilations", "kernel_shape"),
        numbers(0, "output_padding"),
        lengths(spatial(x), "strides", "dilations", "kernel_shape", "output_padding"),
        lengths(spatial(x), "pads", times=2),
        *((rank(1, 1, bias),) if bias else ()),
    )


POOLING: tuple[Rule, ...] = (
    rank(3, 5, "X"),
    numbers(1, "strides", "dilations", "kernel_shape", "p"),
    lengths(spatial(), "strides", "dilations", "kernel_shape"),
    lengths(spatial(), "pads", times=2),
)


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("", "Conv"): convolution("X", "W", "B"),
    ("", "ConvInteger"): convolution("x", "w"),
    ("", "QLinearConv"): convolution("x", "w", "B"),
    ("", "ConvTranspose"): convolution("X", "W", "B", transposed=True),
    ("", "MaxPool"): POOLING,
    ("", "AveragePool"): POOLING,
    ("", "LpPool"): POOLING,
}
"""By domain and operator."""


def check_rules(domain: str, call: Call) -> None:
    """Raises `ConversionError` when a rule about the node's operator is broken."""
    for rule in RULES.get((domain, call.node.op_type), ()):
        rule(call)

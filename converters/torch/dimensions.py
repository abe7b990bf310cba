"""The dynamic dimensions of an exported program: what they are called, and the sizes that they get.

A file does not keep the names that dimensions had when the program was exported. It has symbols, ``s27``, which may stand for several
axes. Each axis has a name, too: ``x.1`` is the second of the input x, whatever its size is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
import torch
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.torch.inputs import bind_program, tensor_inputs
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError
from webnn_graph.names import nearest
from webnn_graph.ops.rules import check_shape

Sizes: TypeAlias = Mapping[str, int]
"""Sizes by symbol."""
ENDLESS = 2**62
"""What PyTorch says of a dimension without a largest size is at least this."""


@dataclass(frozen=True)
class Dimension:
    """A symbol in the shapes of a program's inputs.

    Attributes:
        name: The symbol.
        axes: The axes that are made of it.
        least: Smallest size that the program was exported for; None when it says nothing.
        most: Largest one.
    """

    name: str
    axes: list[Axis]
    least: int | None
    most: int | None

    @property
    def places(self) -> list[str]:
        """Its axes in words."""
        return [f"dimension {axis.index} of {axis.input}" for axis in self.axes]

    @property
    def range(self) -> str:
        """The sizes that it may have, in words."""
        least = max(self.least or 1, 1)  # WebNN has no empty tensors
        return f"{least} or more" if self.most is None else f"{least} to {self.most}"

    def takes(self, size: int) -> bool:
        """Whether the program was exported for the size."""
        return max(self.least or 1, 1) <= size and (self.most is None or size <= self.most)

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.places)}; {self.range})"


@dataclass(frozen=True)
class Axis:
    """A dynamic axis of an input; ``size`` is made of symbols."""

    input: str
    index: int
    size: Any

    @property
    def name(self) -> str:
        """What ``--dim`` calls it."""
        return f"{self.input}.{self.index}"


def dimensions(program: ExportedProgram) -> dict[str, Dimension]:
    """The symbols in the shapes of a program's inputs, by name."""
    found: dict[str, Dimension] = {}
    ranges = {str(symbol): bounds for symbol, bounds in program.range_constraints.items()}
    for axis in _axes(program).values():
        for symbol in sorted(axis.size.free_symbols, key=str):
            name = str(symbol)
            if name not in found:
                least, most = (_finite(getattr(ranges.get(name), side, None)) for side in ("lower", "upper"))
                found[name] = Dimension(name, [], least, most)
            found[name].axes.append(axis)
    return found


def _axes(program: ExportedProgram) -> dict[str, Axis]:
    sizes: Iterator[tuple[str, int, Any]] = (
        (name, i, size) for name, fake in tensor_inputs(program).items() for i, size in enumerate(fake.shape)
    )
    axes = (Axis(name, i, size.node.expr) for name, i, size in sizes if not isinstance(size, int))
    return {axis.name: axis for axis in axes}


def _finite(bound: Any) -> int | None:
    return int(bound) if bound is not None and bound.is_finite and bound < ENDLESS else None


def known_sizes(program: ExportedProgram, dims: Sizes, given: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """The sizes of symbols that are known: said by ``dims``, or those of inputs that are ``given``.

    Args:
        program: With dynamic sizes.
        dims: Sizes by symbol or axis; if there is one symbol only, by any name.
        given: Inputs by name.

    Raises:
        ConversionError: There is no such dimension, what is said contradicts itself, or the program was not exported for such a size.
    """
    there = dimensions(program)
    axes = _axes(program)
    told = _axes_of(axes, given) | {axes[name]: size for name, size in dims.items() if name in axes}
    known: dict[str, int] = {}
    for name, size in dims.items():
        symbol = name if name in there or name in axes else _only(name, program, there)
        if symbol in there and known.setdefault(symbol, size) != size:
            raise ConversionError(f"{there[symbol]} is given two sizes, {known[symbol]} and {size}", "give one", code=Code.WRONG_SHAPE)
    for axis in sorted(told, key=lambda axis: len(axis.size.free_symbols)):
        known |= _solved(axis, told[axis], known)
    for axis, size in [*told.items(), *_axes_of(axes, given).items()]:
        _check_axis(axis, size, known)
    for name, size in known.items():
        if not there[name].takes(size):
            raise ConversionError(f"the program was exported for other sizes than {size}: {there[name]}", code=Code.WRONG_SHAPE)
    return known


def _only(name: str, program: ExportedProgram, there: Mapping[str, Dimension]) -> str:
    """The only symbol, which may have any name, but not that of another axis."""
    input_name, dot, index = name.rpartition(".")
    is_axis = dot and index.isdecimal() and input_name in tensor_inputs(program)
    if len(there) == 1 and not is_axis:
        return next(iter(there))
    names = [*there, *_axes(program)]
    listed = "; ".join(map(str, there.values())) or "none"
    raise ConversionError(
        f"the program has no dynamic dimension {name}; it has {listed}", nearest(name, names), code=Code.UNKNOWN_DIMENSION
    )


def _axes_of(axes: Mapping[str, Axis], given: Mapping[str, torch.Tensor]) -> dict[Axis, int]:
    """The sizes that dynamic axes have in inputs."""
    shapes = {name: tensor.shape for name, tensor in given.items()}
    return {axis: shapes[axis.input][axis.index] for axis in axes.values() if axis.index < len(shapes.get(axis.input, ()))}


def _solved(axis: Axis, size: int, known: Sizes) -> dict[str, int]:
    """The one symbol that is not known of an axis of this size, if the size is of the first degree in it and the result whole."""
    expression = axis.size.xreplace(
        {symbol: sympy.Integer(known[str(symbol)]) for symbol in axis.size.free_symbols if str(symbol) in known}
    )
    if len(expression.free_symbols) != 1:
        return {}
    (symbol,) = expression.free_symbols
    first, second = (expression.xreplace({symbol: sympy.Integer(n)}) for n in (2, 3))
    if first == second:
        return {}
    value = 2 + (size - first) / (second - first)
    return {str(symbol): int(value)} if value.is_integer and expression.xreplace({symbol: value}) == size else {}


def _check_axis(axis: Axis, size: int, known: Sizes) -> None:
    """Raises `ConversionError` when an axis cannot have its size beside what else is known."""
    symbols = sorted(map(str, axis.size.free_symbols))
    computed = _with(axis.size, known)
    if len(symbols) == 1 and computed.free_symbols:
        raise ConversionError(f"{axis.name} cannot be {size}: it is {axis.size}", code=Code.WRONG_SHAPE)
    if computed != size and not computed.free_symbols:
        because = ", ".join(f"{name} is {known[name]}" for name in symbols)
        raise ConversionError(f"{axis.name} cannot be {size}: {because}, which makes it {computed}", code=Code.WRONG_SHAPE)


def how_to_give(program: ExportedProgram, missing: Iterable[str]) -> str:
    """The options that give the sizes of symbols, with those of the program's example where it keeps one."""
    axes = _axes_of(_axes(program), {name: leaf for name, leaf in _example(program).items() if isinstance(leaf, torch.Tensor)})
    sizes: dict[str, int] = {}
    for axis, size in axes.items():
        sizes |= _solved(axis, size, sizes)
    return " ".join(f"--dim {name}={sizes.get(name, 'N')}" for name in missing)


def resized(program: ExportedProgram, dims: Sizes, given: Mapping[str, torch.Tensor]) -> tuple[tuple[Any, ...], dict[str, Any], list[str]]:
    """Inputs of a program with dynamic sizes.

    Args:
        program: See `known_sizes`, as for the others.

    Returns:
        Positional arguments, keyword arguments, and what is to be said of names that the program does not have.

    Raises:
        ConversionError: A size is not known, or wrong; see `known_sizes`.
    """
    there = dimensions(program)
    found = known_sizes(program, dims, given)
    missing = [name for name in there if name not in found]
    if missing:
        raise ConversionError(
            f"WebNN needs every dimension; unknown are {'; '.join(str(there[name]) for name in missing)}",
            f"give the sizes, as these of the example: {how_to_give(program, missing)}",
            code=Code.MISSING_DIMENSION,
        )
    made = {name: _of_size(fake, found) for name, fake in tensor_inputs(program).items()}
    args, kwargs = bind_program(program, _example(program) | made | dict(given))
    axes = _axes(program)
    others = [name for name in dims if name not in there and name not in axes]
    notes = [f"{name} stands for {', '.join(map(str, there.values()))}, the program's only dynamic dimension" for name in others]
    return args, kwargs, notes


def _example(program: ExportedProgram) -> dict[str, Any]:
    """The values that a program was exported with, by input name."""
    names = [str(name) for name in program.graph_signature.user_inputs]
    return dict(zip(names, pytree.tree_leaves(program.example_inputs or ()), strict=False))


def _of_size(fake: torch.Tensor, sizes: Sizes) -> torch.Tensor:
    """Zeros of the type of a program's input, its symbols having these values."""
    shape = [size if isinstance(size, int) else int(_with(size.node.expr, sizes)) for size in fake.shape]
    check_shape("an input would have", shape)
    return torch.zeros(shape, dtype=fake.dtype)


def _with(expression: Any, sizes: Sizes) -> Any:
    """The expression with the symbols that have sizes replaced by them."""
    return expression.xreplace({symbol: sympy.Integer(sizes[str(symbol)]) for symbol in expression.free_symbols if str(symbol) in sizes})

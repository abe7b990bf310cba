"""The canonical graph: what every frontend makes, every format stores and every runtime runs.

The data classes here only hold; `webnn_graph.builder` makes them, `webnn_graph.ops` knows what the operators mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from webnn_graph.data_types import Array, DataType, storage_bytes
from webnn_graph.modules import done_by
from webnn_graph.weight import Values, Weight
from webnn_graph.wording import one_line

Shape = tuple[int, ...]


SHOWN = 200
"""Columns of what is shown of an object in a debugger or a notebook."""


class Distribution(StrEnum):
    """How the numbers of an input are distributed that is random."""

    NORMAL = "normal"
    UNIFORM = "uniform"


@dataclass(frozen=True, repr=False)
class Descriptor:
    """``MLOperandDescriptor``: the data type and the static shape of a tensor. Shape ``()`` is a scalar."""

    data_type: DataType
    shape: Shape

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in storage."""
        return storage_bytes(self.data_type, self.shape)

    @property
    def descriptor(self) -> Descriptor:
        """The bare descriptor, also of an `Operand`."""
        return Descriptor(self.data_type, self.shape)

    def is_like(self, other: Descriptor) -> bool:
        """Whether the other has the same data type and shape, which operands are not equal by."""
        return self.data_type is other.data_type and self.shape == other.shape

    def with_shape(self, shape: Iterator[int] | list[int] | Shape) -> Descriptor:
        """The same data type in another shape."""
        return Descriptor(self.data_type, tuple(shape))

    def with_type(self, data_type: DataType) -> Descriptor:
        """The same shape of another data type."""
        return Descriptor(data_type, self.shape)

    def resized(self, axis: int, size: int) -> Descriptor:
        """The same but for one dimension."""
        return self.with_shape(self.shape[:axis] + (size,) + self.shape[axis + 1 :])

    def __str__(self) -> str:
        return f"{self.data_type}[{', '.join(map(str, self.shape))}]"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {one_line(str(self), SHOWN)}>"


@dataclass(frozen=True, eq=False, repr=False)
class Operand(Descriptor):
    """``MLOperand``: a named tensor of one graph, compared by identity.

    A graph's operands have unique names that are identifiers. While a `GraphBuilder` works, the name is only a wish.

    Attributes:
        name: What it is called.
        distribution: Of an input that is random: what it is filled with when nobody gives it, numbers of the standard normal
            distribution or of the uniform one in [0, 1).
    """

    name: str = ""
    distribution: Distribution | None = None

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def named(self, name: str) -> Operand:
        """Another operand that is the same but for its name."""
        return Operand(self.data_type, self.shape, name, self.distribution)

    def __str__(self) -> str:
        return f"{self.name or '?'}: {super().__str__()}"


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """One call of an ``MLGraphBuilder`` method.

    Attributes:
        op: The method's name (``conv2d``).
        arguments: Arguments and option members by name, in the order of the standard's signature. Members that have
            their default value are absent. Values are `Operand`, a list of them (concat), or plain data.
        outputs: What the call returns.
        label: Where it came from in the source model; WebNN's own ``label`` option.
        operands: Every operand it reads, in signature order.
    """

    op: str
    arguments: Mapping[str, Any]
    outputs: tuple[Operand, ...]
    label: str = ""
    operands: tuple[Operand, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "operands", operands_of(self.arguments))

    @property
    def output(self) -> Operand:
        """The only output of a single-output operator."""
        (output,) = self.outputs
        return output

    def with_operands(self, replace: Callable[[Operand], Operand]) -> Node:
        """The same call with ``replace(operand)`` in the place of everything that it reads and returns."""
        return Node(self.op, map_arguments(self.arguments, replace), tuple(map(replace, self.outputs)), self.label)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={_shown(value)}" for name, value in self.arguments.items())
        text = f"{', '.join(map(str, self.outputs))} = {self.op}({arguments})"
        label = f" of {one_line(self.label, SHOWN)}" if self.label else ""
        return f"<Node {one_line(text, SHOWN)}{label}>"


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A WebNN graph with static shapes.

    Attributes:
        name: Name of the model.
        inputs: What the caller feeds, in order.
        constants: The values of constants; the arrays may be views on a memory-mapped file and are never written to.
        nodes: Calls in an order in which every operand is defined before it is read.
        outputs: What the caller gets. Each is the result of a node, and none occurs twice.
    """

    name: str
    inputs: tuple[Operand, ...]
    constants: Mapping[Operand, Array]
    nodes: tuple[Node, ...]
    outputs: tuple[Operand, ...]
    notes: tuple[str, ...] = field(default=())
    """What a conversion has to say of itself (types narrowed, names mapped); not stored in files."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What it is for, and what its inputs and outputs mean, as files hold it; `webnn_graph.metadata` reads it."""

    def __post_init__(self) -> None:
        if not isinstance(self.constants, Values):
            weights = {operand: Weight(operand.data_type, array) for operand, array in self.constants.items()}
            object.__setattr__(self, "constants", Values(weights))

    @property
    def weights(self) -> Mapping[Operand, Weight]:
        """The constants as objects, which know their bytes and digests; the same ones in every graph that they go through."""
        assert isinstance(self.constants, Values)
        return self.constants.weights

    @cached_property
    def operands(self) -> Mapping[str, Operand]:
        """All operands by name: inputs, constants, then node outputs in order."""
        made = (output for node in self.nodes for output in node.outputs)
        return {operand.name: operand for operand in (*self.inputs, *self.constants, *made)}

    @property
    def given_inputs(self) -> tuple[Operand, ...]:
        """The inputs but for those that are drawn, which nobody has to give."""
        return tuple(operand for operand in self.inputs if not operand.distribution)

    @property
    def weight_bytes(self) -> int:
        """Storage bytes of all constants."""
        return sum(constant.nbytes for constant in self.constants)

    @done_by("webnn_graph.notebook", "call")
    def __call__(self, inputs: ArrayLike | Mapping[str, ArrayLike] | None = None, /, **named: ArrayLike) -> dict[str, Array]:
        """Computes the outputs in NumPy.

        Args:
            inputs: The value of the only input; or a mapping of values by input name.
            named: Values by input name. Arrays are of the input's data type and shape; numbers, lists and booleans become it.

        Returns:
            An array for each output, by name.

        Raises:
            ExecutionError: An input is missing, unknown, given twice, or of another shape or type.
        """
        raise NotImplementedError

    @done_by("webnn_graph.view.showing", "show")
    def show(self, file: str | Path | None = None) -> Path:
        """Makes a picture of the graph, one HTML page that needs nothing else, and opens it in a browser.

        Args:
            file: Where to write the page, which is not opened then; by default a temporary file.

        Returns:
            Where it was written.

        Raises:
            RuntimeUnavailable: The library that lays out is not installed.
        """
        raise NotImplementedError

    @done_by("webnn_graph.summary", "summary")
    def __repr__(self) -> str:
        raise NotImplementedError

    @done_by("webnn_graph.notebook", "html")
    def _repr_html_(self) -> str:
        raise NotImplementedError


def _shown(value: Any) -> str:
    """An argument's value in a line: an operand by its name."""
    if isinstance(value, Operand):
        return value.name
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


NESTED = (list, tuple, dict)
"""Of what an argument is that may hold operands."""


def operands_in(value: Any) -> Iterator[Operand]:
    """The operands inside an argument's value, a list of them, or the arguments of a call by name."""
    if isinstance(value, Operand):
        yield value
    elif isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, Operand))
    elif isinstance(value, dict):
        yield from operands_of(value)


def operands_of(arguments: Mapping[str, Any]) -> tuple[Operand, ...]:
    """The operands in all arguments of a call, in their order."""
    found: list[Operand] = []
    for value in arguments.values():
        if isinstance(value, Operand):
            found.append(value)
        elif isinstance(value, NESTED):
            found.extend(operands_in(value))
    return tuple(found)


def map_operands(value: Any, replace: Callable[[Operand], Any]) -> Any:
    """``value`` with ``replace(operand)`` in the place of every operand: of an argument, or of the arguments of a call by name."""
    if isinstance(value, Operand):
        return replace(value)
    if isinstance(value, list | tuple):
        return [replace(item) if isinstance(item, Operand) else item for item in value]
    return map_arguments(value, replace) if isinstance(value, dict) else value


def map_arguments(arguments: Mapping[str, Any], replace: Callable[[Operand], Any]) -> dict[str, Any]:
    """The arguments of a call with ``replace(operand)`` in the place of every operand."""
    return {
        name: replace(value) if isinstance(value, Operand) else map_operands(value, replace) if isinstance(value, NESTED) else value
        for name, value in arguments.items()
    }

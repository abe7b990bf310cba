"""`Sized`: the graphs of a model's sizes, and how an input of another size is computed by one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ExecutionError
from webnn_graph.graph import Graph, Operand
from webnn_graph.sizes.extents import Extent, Follows, Listed, Sample, Sizes, extent_of, lengths

Run: TypeAlias = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]
"""Computes a graph's outputs."""
Interface: TypeAlias = Mapping[str, tuple[Extent, ...]]
"""The shapes of tensors by name."""


class Padding(StrEnum):
    """What becomes of an input that is smaller than the graph that computes it."""

    MASKED = "masked"
    """It is filled up with zeros at the end, and so is the mask, which tells the model; without a mask one is made of ones."""
    ZEROS = "zeros"
    """It is filled up with zeros at the end; this model computes the same then."""
    EXACT = "exact"
    """It is refused: this model would compute something else."""


@dataclass(frozen=True)
class Sized:
    """A model in several sizes.

    Attributes:
        name: Of the model.
        sizes: The sizes that there are, the smallest first; each has the same dimensions.
        graphs: The graph of each.
        inputs: The shapes of the inputs.
        outputs: The shapes of the outputs.
        padding: What becomes of inputs of other sizes.
        notes: What is to be said of it.
        probe: A size of none of the graphs that fits into one, with a graph of it; None where padding was not looked into.
    """

    name: str
    sizes: tuple[Sizes, ...]
    graphs: tuple[Graph, ...]
    inputs: Interface
    outputs: Interface
    padding: Padding = Padding.EXACT
    notes: tuple[str, ...] = ()
    probe: tuple[Sizes, Graph] | None = None

    @property
    def labels(self) -> list[str]:
        """What tells the graphs apart: ``128``, ``224x448``."""
        return [label_of(sizes) for sizes in self.sizes]

    @property
    def masks(self) -> list[str]:
        """The inputs that say which part of the others counts, by whole numbers: 1 where it does, 0 where it does not."""
        varying = [o for o in self.graphs[0].inputs if any(isinstance(extent, Follows) for extent in self.inputs[o.name])]
        return [operand.name for operand in varying if "mask" in operand.name.lower() and not operand.data_type.is_float]

    def of(self, graphs: Sequence[Graph]) -> Sized:
        """The same with other graphs, which may differ in data types.

        Raises:
            ConversionError: A tensor of the interface is of one type in one of them, and of another in another.
        """
        for first, *others in zip(*(graph.inputs + graph.outputs for graph in graphs), strict=True):
            for other in others:
                if other.data_type is not first.data_type:
                    raise ConversionError(
                        f"{first.name} is {first.data_type} in one size and {other.data_type} in another",
                        "one target for all of them, like chromium or standard, makes them alike",
                    )
        return replace(self, graphs=tuple(graphs))

    def with_padding(self, padding: Padding) -> Sized:
        """The same with what becomes of inputs of other sizes.

        Raises:
            ConversionError: It cannot be padded so.
        """
        if padding is Padding.EXACT:
            return replace(self, padding=padding)
        for name, extents in {**self.inputs, **self.outputs}.items():
            if any(isinstance(extent, Listed) for extent in extents):
                raise ConversionError(f"{name} cannot be padded: how its shape follows from {', '.join(self.sizes[0])} is not known")
        for operand in self.graphs[0].inputs + self.graphs[0].outputs:
            if operand.data_type.bits == 4 and self.graphs[-1].operands[operand.name].shape != operand.shape:
                raise ConversionError(f"{operand.name} cannot be padded: two of its elements share a byte")
        if padding is Padding.MASKED and not self.masks:
            raise ConversionError("the model has no mask: no input of integers or booleans that is called so")
        return replace(self, padding=padding)

    def fitting(self, wanted: Sizes) -> list[int]:
        """The numbers of the sizes in which these fit, the smallest first."""
        return [i for i, sizes in enumerate(self.sizes) if all(wanted[dim] <= size for dim, size in sizes.items())]

    def run_padded(self, index: int, wanted: Sizes, inputs: Mapping[str, Array], run: Run) -> dict[str, Array]:
        """What the graph of one size computes of smaller inputs: these are filled up, and the outputs cut.

        Args:
            index: The size's number.
            wanted: The sizes of the inputs.
            inputs: All of them, by name; of other data types where their values are of the graph's.
            run: Computes the graph.
        """
        graph = self.graphs[index]
        filled = {operand: _resized(inputs[operand.name], operand.shape) for operand in graph.inputs}
        outputs = run(graph, {operand.name: array.astype(operand.data_type.numpy, copy=False) for operand, array in filled.items()})
        return {name: _resized(array, lengths(self.outputs[name], wanted, index)) for name, array in outputs.items()}


def sized(name: str, sizes: Sequence[Sizes], graphs: Sequence[Graph], probe: tuple[Sizes, Graph] | None = None) -> Sized:
    """The graphs of a model's sizes as one.

    Args:
        name: Of the model.
        sizes: The smallest first.
        graphs: The graph of each.
        probe: A graph of other sizes, which tells what each axis follows.
    """
    known = [*zip(sizes, graphs, strict=True), *([probe] if probe else [])]
    inputs = _interface([(at, graph.inputs) for at, graph in known], len(sizes))
    outputs = _interface([(at, graph.outputs) for at, graph in known], len(sizes))
    return Sized(name, tuple(sizes), tuple(graphs), inputs, outputs, probe=probe)


def label_of(sizes: Sizes) -> str:
    """What tells a size from the others: ``128``, ``224x448``."""
    return "x".join(map(str, sizes.values()))


def described(sizes: Sizes) -> str:
    """Sizes as messages say them: ``height=224 width=448``."""
    return " ".join(f"{dim}={size}" for dim, size in sizes.items())


def _interface(known: Sequence[tuple[Sizes, Sequence[Operand]]], given: int) -> Interface:
    first = known[0][1]
    for sizes, operands in known:
        if [(operand.name, operand.rank) for operand in operands] != [(operand.name, operand.rank) for operand in first]:
            raise ConversionError(f"the graph has other inputs or outputs with {described(sizes)}")

    def extents(i: int) -> tuple[Extent, ...]:
        shapes = [(sizes, operands[i].shape) for sizes, operands in known]
        samples: list[list[Sample]] = [[(sizes, shape[axis]) for sizes, shape in shapes] for axis in range(first[i].rank)]
        return tuple(extent_of(of_axis, given) for of_axis in samples)

    return {operand.name: extents(i) for i, operand in enumerate(first)}


def _resized(array: Array, shape: tuple[int, ...]) -> Array:
    """The array in another shape of its rank: cut, or filled up with zeros at the end of each axis."""
    if array.ndim != len(shape):
        raise ExecutionError(f"an array of shape {list(array.shape)} cannot have shape {list(shape)}")
    result = np.zeros(shape, array.dtype)
    both = tuple(slice(min(pair)) for pair in zip(array.shape, shape, strict=True))
    result[both] = array[both]
    return result

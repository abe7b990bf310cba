"""A call that is measured, and the graph of each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand

Form: TypeAlias = Callable[..., Operand]
"""A function of a `GraphBuilder` and the inputs."""
RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""How far two forms' results may be from each other."""


class DrawingBuilder(GraphBuilder):
    """A builder with random numbers for its constants: in each graph the same, in the order in which they are drawn."""

    def __init__(self, name: str = "calls") -> None:
        super().__init__(name)
        self.numbers = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """One call with its common shape.

    Attributes:
        title: What it computes.
        inputs: Shapes of float32.
        forms: What computes it, by the text of the table; the plainest first. All give the same numbers, perhaps in another shape.
        beside: What computes something else and stands in the table for comparison.
        repeats: How often a graph has it, so that dispatching costs little beside it.
        chained: Whether each reads what the one before has made, as images must that would be turned between two calls; else each has
            inputs of its own.
    """

    title: str
    inputs: Sequence[tuple[int, ...]]
    forms: Mapping[str, Form]
    beside: Mapping[str, Form] = field(default_factory=dict)
    repeats: int = 6
    chained: bool = False

    @property
    def measured(self) -> Mapping[str, Form]:
        """All rows of the table."""
        return {**self.forms, **self.beside}

    def single(self, form: Form) -> Graph:
        """The form once, with all that it gives as the output."""
        b = DrawingBuilder()
        return b.build({"y": form(b, *(b.input(f"x{i}", "float32", shape) for i, shape in enumerate(self.inputs)))})

    def feeds(self) -> dict[str, Array]:
        """Numbers for the inputs of `single`."""
        numbers = np.random.default_rng(1)
        return {f"x{i}": numbers.uniform(-1, 1, shape).astype(np.float32) for i, shape in enumerate(self.inputs)}

    def graph(self, form: Form) -> Graph:
        """The form so many times, with one number of each as the output."""
        b = DrawingBuilder()
        results: list[Operand] = []
        for i in range(self.repeats):
            given = [b.input(f"x{i}_{j}", "float32", shape) for j, shape in enumerate(self.inputs) if not (j == 0 and i and self.chained)]
            if i and self.chained:
                given.insert(0, results.pop())
            results.append(form(b, *given))
        firsts = [b.reshape(b.slice(y, [0] * y.rank, [1] * y.rank), [1]) if y.rank else b.reshape(y, [1]) for y in results]
        return b.build({"y": b.concat([b.cast(y, "float32") for y in firsts], 0)})


def drawn(b: DrawingBuilder, *shape: int, order: Sequence[int] | None = None) -> Operand:
    """A constant of random numbers, each time others; with its axes in another order."""
    values = b.numbers.uniform(-1, 1, shape).astype(np.float32)
    made: Operand = b.constant(values.transpose(order).copy() if order else values)
    return made


def differing(expected: Array, found: Mapping[str, Array]) -> list[str]:
    """The names of results that are not the numbers that are expected."""
    return [name for name, array in found.items() if array.size != expected.size or not _is_near(array.ravel(), expected.ravel())]


def _is_near(array: Array, expected: Array) -> bool:
    return bool(np.allclose(array, expected, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True))

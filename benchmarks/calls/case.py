"""A call that is measured, and the graph of each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Operand

Form: TypeAlias = Callable[..., Operand]
"""A function of a `GraphBuilder` and the inputs."""


NUMBERS = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """One call with its common shape.

    Attributes:
        title: What it computes.
        inputs: Shapes of float32.
        forms: What computes it, by the text of the table; the plainest first.
        repeats: How often a graph has it, so that dispatching costs little beside it.
        chained: Whether each reads what the one before has made, as images must that would be turned between two calls; else each has
            inputs of its own.
    """

    title: str
    inputs: Sequence[tuple[int, ...]]
    forms: Mapping[str, Form]
    repeats: int = 6
    chained: bool = False

    def graph(self, form: Form) -> Graph:
        """The form so many times, with one number of each as the output."""
        b = GraphBuilder("calls")
        results: list[Operand] = []
        for i in range(self.repeats):
            given = [b.input(f"x{i}_{j}", "float32", shape) for j, shape in enumerate(self.inputs) if not (j == 0 and i and self.chained)]
            if i and self.chained:
                given.insert(0, results.pop())
            results.append(form(b, *given))
        firsts = [b.reshape(b.slice(y, [0] * y.rank, [1] * y.rank), [1]) if y.rank else b.reshape(y, [1]) for y in results]
        return b.build({"y": b.concat([b.cast(y, "float32") for y in firsts], 0)})


def drawn(b: GraphBuilder, *shape: int) -> Operand:
    """A constant of random numbers, each time others."""
    made: Operand = b.constant(NUMBERS.uniform(-1, 1, shape).astype(np.float32))
    return made

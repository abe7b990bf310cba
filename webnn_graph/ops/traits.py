"""Traits: what is true of an operator whatever its arguments, said where it is declared."""

from __future__ import annotations

from enum import Enum, auto


class Trait(Enum):
    """A property that rewrites may rely on; `webnn_graph.ops.having` lists the operators that have one."""

    ELEMENTWISE = auto()
    """An element of the result is computed of the operands' elements at its place, once they are broadcast."""
    MOVING = auto()
    """The elements of the results are elements of the operand ``input``."""
    TRUTH = auto()
    """The results are 0 and 1."""
    MODULAR = auto()
    """The result is right modulo 2^n when the operands are: an unsigned type may go through the signed one of its size."""
    ORDERING = auto()
    """Only the order of the elements counts: another type that keeps it gives the same."""
    REDUCING = auto()
    """One of the operators ``reduce*``."""

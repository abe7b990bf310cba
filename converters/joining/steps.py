"""What is put before an input and behind an output: each step with the same in Python, which says whether it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.metadata import Meaning
from webnn_graph.passes.rewrite import End


@dataclass(frozen=True)
class Beginning:
    """What makes an input of what a page has.

    Attributes:
        meaning: What the new input is.
        operand: Its type and shape.
        build: Makes the old input of the new one.
        made_up: A value for the new one, to compare both.
        prepared: Makes the old input's value of the new one's as `webnn_graph.tasks` does it, without the graph.
        says: What is to be said of the new one.
        step: How far values of each channel, or of all, are apart where the graph rounds what lies between to one of them: the next one
            is as right. None where it rounds nothing.
    """

    meaning: Meaning
    operand: Descriptor
    build: Callable[[GraphBuilder, Operand], Operand]
    made_up: Callable[[np.random.Generator], Array]
    prepared: Callable[[Array], Array]
    says: str
    step: Array | None = None


@dataclass(frozen=True)
class Ending:
    """What makes of an output what is wanted of it.

    Attributes:
        meaning: What the new output is.
        build: Makes it of the old one; what else it takes is an operand of the old graph.
        expected: Its value of the old one's, without the graph, of the values of inputs by name, and of what the graph computed: of what
            is equally good up to rounding, this is right.
        says: What is to be said of the new one.
    """

    meaning: Meaning
    build: End
    expected: Callable[[Array, Mapping[str, Array], Array], Array]
    says: str

"""What commands do for steps that are joined to a graph: whether they do what the helpers in Python do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from glob import escape
from typing import Any

import numpy as np

from converters.commands.console import Result, say
from converters.commands.quantizing import Quantizing, VerifiedRounding
from converters.commands.report import Verified
from converters.joining import Joined, label_of
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Metadata

HELPERS = "the model's graph with what Python's helpers make of its inputs and outputs"


@dataclass(frozen=True)
class VerifiedJoining(Result):
    """How right a graph is that has more steps than its model.

    Attributes:
        conversion: How near the model's graph is to its source model.
        joining: How near the graph with all steps is to the model's with the same steps in Python.
        rounding: How near what was written is where weights were rounded; None where they were not.
    """

    conversion: Verified
    joining: Verified
    rounding: VerifiedRounding | None = None

    @property
    def status(self) -> int:  # type: ignore[override]
        """The worst exit status."""
        return max(result.status for result in (self.conversion, self.joining, self.rounding) if result)

    def show(self) -> None:
        """See `Result`."""
        say("the model:")
        self.conversion.show()
        say("with the steps before and behind it:")
        self.joining.show()
        if self.rounding:
            self.rounding.show()

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        last = self.rounding.written if self.rounding else self.joining
        joining = self.joining.document() if self.rounding else None
        return {**last.document(), "conversion": self.conversion.document(), "joining": joining}


def refuse_joined(graph: Graph) -> None:
    """Raises `ConversionError` for a graph that has more steps than its model, which cannot be compared with that one's numbers."""
    names = [name for name, meaning in Metadata.of(graph).tensors.items() if meaning.joined]
    if names:
        raise ConversionError(
            f"{graph.name} has other inputs or outputs than its model: {', '.join(names)}",
            "they are compared when the model is converted, where both are at hand",
        )


def sparing(quantizing: Quantizing, joined: Joined) -> Quantizing:
    """How the weights of a graph with more steps are rounded: those of a spectrogram stay, and what changes is measured on own inputs."""
    sounds = tuple(escape(label_of(name, step)) for name, step in joined.beginnings.items() if isinstance(step.meaning, Audio))
    inputs = quantizing.inputs if quantizing.inputs is None else own_inputs(joined, quantizing.inputs, quantizing.seed)
    return replace(quantizing, scheme=replace(quantizing.scheme, keep=(*quantizing.scheme.keep, *sounds)), inputs=inputs)


def own_inputs(joined: Joined, given: Mapping[str, Array], seed: int) -> dict[str, Array]:
    """Values for a graph with more steps: those that are given of the model's inputs, and made-up ones where it has others."""
    made_up = {name: step.made_up(np.random.default_rng([seed, *name.encode()])) for name, step in joined.beginnings.items()}
    return {**given, **made_up}

"""The source model as it is: a call, with a cache that grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from converters.onnx.execution import Prepared
from converters.onnx.generation.interface import BRANCH, LENGTHS, LOGITS_KEPT, MASKS, Interface, State
from converters.onnx.reading.interface import dims_of, numpy_type
from webnn_graph.data_types import Array


class SourceDecoder:
    """A decoder that is run with a cache that grows.

    Args:
        path: Its file.
        first: The file of the model that takes no past, where there is an encoder and this is another one.
        interface: Its inputs and outputs.
        bound: Inputs that are constants.
    """

    def __init__(self, path: Path, first: Path | None, interface: Interface, bound: Mapping[str, Array]) -> None:
        self._session = Prepared(path)
        self._first = Prepared(first) if first else self._session
        self.interface = interface
        self._bound = bound

    def empty(self, state: State) -> Array:
        """A state before the first token."""
        return np.zeros(state.sized(0), numpy_type(self.interface.inputs[state.past]))

    def takes_one(self, length: int) -> bool:
        """Whether it may take no more than one token when there are so many before."""
        return self.interface.takes_one and not (self.interface.attends and length == 0)

    def call(
        self, tokens: Sequence[int], past: Mapping[State, Array], length: int, told: Mapping[str, Array]
    ) -> tuple[Array, dict[State, Array]]:
        """The logits after the last of more tokens, and the states that are new.

        Args:
            tokens: The tokens.
            past: The states.
            length: How many tokens there are before.
            told: What an encoder gives, by the model's names.
        """
        begins = self.interface.attends and length == 0
        session = self._first if begins else self._session
        kept = [state for state in self.interface.states if begins or not state.is_cross]
        feeds = self._feeds(tokens, past, length, told, begins)
        wanted = ["logits", *(state.present for state in kept)]
        results = session.run({name: value for name, value in feeds.items() if name in session.inputs}, wanted)
        logits: Array = results["logits"].reshape(-1, results["logits"].shape[-1])[-1].astype(np.float32)
        return logits, {state: results[state.present] for state in kept}

    def _feeds(
        self, tokens: Sequence[int], past: Mapping[State, Array], length: int, told: Mapping[str, Array], begins: bool
    ) -> dict[str, Array]:
        interface, total = self.interface, length + len(tokens)
        lengths = {"seqlens_k": total - 1, "total_sequence_length": total, "past_sequence_length": length}
        feeds = {**{state.past: value for state, value in past.items()}, **self._bound, **told}
        for name, info in interface.inputs.items():
            dims = [size if isinstance(size, int) else 1 for size in dims_of(info) or ()]
            if name in feeds:
                value = feeds[name]
            elif name == interface.tokens:
                value = np.array([tokens])
            elif name in MASKS:
                value = np.ones((1, total))
            elif name in LENGTHS:
                value = np.full(dims, lengths[name])
            elif name == BRANCH:
                value = np.full(dims, not begins)
            elif name in LOGITS_KEPT:
                value = np.full(dims, 1)
            else:
                value = np.broadcast_to(np.arange(length, total), [*dims[:-1], len(tokens)])
            feeds[name] = value.astype(numpy_type(info))
        return feeds

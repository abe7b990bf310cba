"""Greedy generation with the two graphs of a decoder, as a page would do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Graph

Compute: TypeAlias = Callable[[Mapping[str, Array]], dict[str, Array]]
"""Computes one graph's outputs from its inputs."""


class Generator:
    """What two computations, of the graphs ``prefill`` and ``decode``, generate."""

    def __init__(self, prefill: Graph, compute_prefill: Compute, compute_decode: Compute) -> None:
        self.prefill, self.decode = compute_prefill, compute_decode
        self.prompt_length = prefill.operands["input_ids"].shape[1]
        self.caches = [operand for operand in prefill.inputs if operand.name.startswith("past_")]

    def generate(self, prompt: Sequence[int], count: int) -> list[int]:
        """The ``count`` most likely tokens after ``prompt``, one after another."""
        past = {operand.name: np.zeros(operand.shape, operand.data_type.numpy) for operand in self.caches}
        position, logits = 0, np.empty(0)
        for start in range(0, len(prompt), self.prompt_length):
            piece = list(prompt[start : start + self.prompt_length])
            filled = piece + [0] * (self.prompt_length - len(piece))
            logits, past = self._step(self.prefill, filled, position, len(piece) - 1, past)
            position += len(piece)
        tokens = [int(logits.argmax())]
        while len(tokens) < count:
            logits, past = self._step(self.decode, [tokens[-1]], position, 0, past)
            position += 1
            tokens.append(int(logits.argmax()))
        return tokens

    def _step(
        self, compute: Compute, tokens: Sequence[int], position: int, last: int, past: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        scalars = {"position": np.array([position], np.int64), "last": np.array([last], np.int64)}
        results = compute({"input_ids": np.array([tokens], np.int64), **scalars, **past})
        return results["logits"], {name: results[name.replace("past", "present")] for name in past}

"""Whether the graphs of a decoder are the model: the same tokens are fed to both, the model with a cache that grows.

Models look into their cache in many ways (the place of a token, masks, windows, biases by distance), and some take one of
fixed size for another one; only numbers tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from converters.checking.decoding import HALF_TOLERANCE, TOLERANCE, GraphCall, difference
from converters.onnx.generation.source import SourceDecoder
from webnn_graph import runtimes
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph


class Growing:
    """The source model with a cache that grows.

    Args:
        source: The model.
        given: What it is told of the encoder's output.
    """

    def __init__(self, source: SourceDecoder, given: Mapping[str, Array]) -> None:
        self._source = source
        self._given = given
        self._past = {state: source.empty(state) for state in source.interface.states}
        self._length = 0

    def logits(self, tokens: Sequence[int]) -> Array:
        """The logits after the last of more tokens."""
        source = self._source
        for piece in [[token] for token in tokens] if source.takes_one(self._length) else [list(tokens)]:
            logits, presents = source.call(piece, self._past, self._length, self._given)
            self._length += len(piece)
            self._past |= presents
        return logits


def differs(graphs: Mapping[str, Graph], source: Growing, calls: Sequence[GraphCall], given: Mapping[str, Array], seed: int = 0) -> str:
    """Where the logits of graphs and source are not the same; empty where they are.

    Args:
        graphs: ``decode``, and ``prefill`` where there is one.
        source: The source model with an empty cache.
        calls: What is fed.
        given: What the graphs are told of the encoder's output.
    """
    decode = graphs["decode"]
    states = {operand.name: operand for operand in decode.inputs if operand.name.startswith("past_")}
    vocabulary = next(operand for operand in decode.outputs if operand.name == "logits").shape[1]
    caches = {name: np.zeros(operand.shape, operand.data_type.numpy) for name, operand in states.items()}
    most = TOLERANCE if all(operand.data_type.bits == 32 for operand in states.values()) else HALF_TOLERANCE
    random = np.random.default_rng(seed)
    for call in calls:
        graph = graphs[call.part]
        tokens = random.integers(0, vocabulary, (1, call.width)).astype(np.int32)
        feeds = {**given, "input_ids": tokens, "position": np.array([call.position], np.int32), **caches}
        feeds["last"] = np.array([call.tokens - 1], np.int32)
        names = {operand.name for operand in graph.inputs}
        results = runtimes.run(graph, {name: value for name, value in feeds.items() if name in names}, runtime=runtimes.chosen(graph))
        expected = source.logits(tokens[0, : call.tokens].tolist())
        off = difference(results["logits"][0], expected)
        if not off <= most:
            return f"after token {call.last + 1} the logits are off by {off:.2%}"
        caches = {name: results[name.replace("past_", "present_", 1)] for name in caches}
    return ""

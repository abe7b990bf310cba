"""What rounding changes: of each output, and of each layer on its own exact inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from webnn_graph.compare import Difference, compare
from webnn_graph.data_types import Array
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph
from webnn_graph.ops import evaluate
from webnn_graph.quantization.rewriting import Quantized
from webnn_graph.runtimes import reference


@dataclass(frozen=True)
class Measured:
    """How far a graph with rounded weights is from the one that it was made of.

    Attributes:
        outputs: The difference of each output.
        ratios: The signal-to-noise ratio of each output, in decibels, by name.
        layers: That of each layer's result, computed of the exact inputs, by name; the layer that loses most first.
    """

    outputs: list[Difference]
    ratios: Mapping[str, float]
    layers: Mapping[str, float]


def measure(quantized: Quantized, inputs: Mapping[str, Array] | None = None, seed: int = 0) -> Measured:
    """Computes both graphs, in NumPy.

    Args:
        quantized: See `webnn_graph.quantization.quantized`.
        inputs: Values by input name; the others are made up.
        seed: For these.

    Raises:
        ExecutionError: A value does not fit, or memory ran out.
    """
    feeds = complete(quantized.before, inputs or {}, seed)
    exact: dict[str, Array] = {}
    layers = dict(_layers(quantized, feeds, exact))
    actual = reference.run(quantized.graph, feeds)
    outputs = [compare(name, actual[name], exact[name], 0.0) for name in actual]
    ratios = {name: signal_to_noise(actual[name], exact[name]) for name in actual}
    return Measured(outputs, ratios, dict(sorted(layers.items(), key=lambda layer: layer[1])))


def signal_to_noise(actual: Array, exact: Array) -> float:
    """The ratio in decibels of the squares of what is right to those of what is wrong; infinite where nothing is.

    What is no number on either side does not count.
    """
    right, wrong = exact.astype(np.float64), actual.astype(np.float64)
    counts = np.isfinite(right) & np.isfinite(wrong)
    signal, noise = np.square(right, where=counts, out=np.zeros_like(right)).sum(), np.square((right - wrong)[counts]).sum()
    if not noise:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def _layers(quantized: Quantized, feeds: Mapping[str, Array], outputs: dict[str, Array]) -> Iterator[tuple[str, float]]:
    """The ratio of each layer, by the name of its result; fills in the exact ``outputs``.

    Every call of the new graph is computed of what the old one computes, whose results have the same names.
    """
    graph, layers = quantized.graph, quantized.layers
    exact = _Exact(quantized.before, feeds)
    live = dict(graph.constants) | {operand: feeds[operand.name] for operand in graph.inputs}
    last = {operand: i for i, node in enumerate(graph.nodes) for operand in node.operands}
    for i, node in enumerate(graph.nodes):
        for operand, array in evaluate(node, live.__getitem__).items():
            right = exact.take(operand.name)
            if right is not None and operand.name in layers:
                yield operand.name, signal_to_noise(array, right)
            if operand in graph.outputs and right is not None:
                outputs[operand.name] = right
            if operand in last:
                live[operand] = array if right is None else right
        for operand in node.operands:
            if last[operand] == i:
                live.pop(operand, None)


class _Exact:
    """The results of a graph by name, computed as far as they are asked for, each asked for once."""

    def __init__(self, graph: Graph, feeds: Mapping[str, Array]) -> None:
        self._values = reference.values(graph, feeds)
        self._names = {output.name for node in graph.nodes for output in node.outputs}
        self._ahead: dict[str, Array] = {}

    def take(self, name: str) -> Array | None:
        """The result of this name; None where the graph has none."""
        if name not in self._names:
            return None
        while name not in self._ahead:
            operand, array = next(self._values)
            self._ahead[operand.name] = array
        return self._ahead.pop(name)

"""Rounding the weights of graphs: each becomes an expression that gives nearly the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.names import Names, nearest
from webnn_graph.passes.rewrite import Mapped, replay
from webnn_graph.quantization.blocks import blocks, channels
from webnn_graph.quantization.layers import LayerWeight, layer_weights
from webnn_graph.quantization.rounding import Rounded, in_halves, in_integers
from webnn_graph.quantization.scheme import BLOCK_SIZE, Scheme, Weights

Stored: TypeAlias = tuple[Operand, Operand | None, Operand | None]
"""The constants that a weight became: values, scale and zero point."""
SMALL = 1024
"""Elements below which a weight stays: there is nothing to gain."""
FEW = 32
"""Elements of an output channel below which a weight stays that would become integers: so of filters of depthwise convolutions."""


class Reason(StrEnum):
    """Why a weight stays."""

    SMALL = "small"
    CHANNELS = "channels of few elements"
    TABLE = "an embedding table"
    KEPT = "--keep"
    SHARED = "no layer's alone"
    SHAPE = "channels that a reshape mixes"
    RANGE = "numbers that the type has not"
    TYPE = "of that type"


@dataclass(frozen=True)
class Quantized:
    """A graph with rounded weights.

    Attributes:
        graph: The graph; its operands are called as before.
        before: The one that it was made of.
        weights: What each weight that was rounded became: its new constants.
        stays: Why each of the others stays.
    """

    graph: Graph
    before: Graph
    weights: Mapping[LayerWeight, Rounded]
    stays: Mapping[LayerWeight, Reason]

    @property
    def layers(self) -> dict[str, LayerWeight]:
        """The weights that were rounded by the names of the results that they go into first."""
        return {output.name: weight for weight in self.weights for use in weight.uses for output in use.node.outputs}


def quantize(
    graph: Graph,
    weights: Weights | str = Weights.INT8,
    *,
    block_size: int = BLOCK_SIZE,
    keep: Iterable[str] = (),
    embeddings: bool = False,
) -> Graph:
    """The graph with the weights of its layers in fewer bits; it computes with floating point numbers as before.

    Weights are the second operands of products, filters of convolutions and matrices of recurrent layers. What is small stays, as do
    biases, scales of normalization, and filters of depthwise convolutions; what is quantized already is not touched.

    Args:
        graph: Any graph.
        weights: ``int8`` with a scale for each output channel, ``int4`` with a scale and a zero point for each block, or ``float16``.
        block_size: Elements of a channel in a block, for int4.
        keep: Patterns, as in shells, of the labels of layers and the names of weights that stay.
        embeddings: Whether tables of which rows are gathered are rounded, too.

    Returns:
        A graph with the same interface and names.

    Raises:
        ValidationError: There is no such type, or a pattern fits no layer.
    """
    return quantize_together([graph], weights, block_size=block_size, keep=keep, embeddings=embeddings)[0]


def quantize_together(
    graphs: Sequence[Graph],
    weights: Weights | str = Weights.INT8,
    *,
    block_size: int = BLOCK_SIZE,
    keep: Iterable[str] = (),
    embeddings: bool = False,
) -> list[Graph]:
    """The same for graphs of one model, which have weights in common: each weight is rounded once."""
    return [each.graph for each in quantized(graphs, Scheme(Weights(weights), block_size, tuple(keep), embeddings))]


def quantized(graphs: Sequence[Graph], scheme: Scheme) -> list[Quantized]:
    """The same with what became of each weight.

    Raises:
        ValidationError: A pattern of what stays fits no layer of any graph.
    """
    found = [layer_weights(graph) for graph in graphs]
    _check_patterns(scheme.keep, [name for weights in found for weight in weights for name in weight.names])
    known: dict[object, Rounded | None] = {}
    return [_quantized(graph, weights, scheme, known) for graph, weights in zip(graphs, found, strict=True)]


def _check_patterns(patterns: Sequence[str], names: Sequence[str]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ValidationError(f"no layer and no weight is called like {pattern!r}", nearest(pattern, names))


def _quantized(graph: Graph, weights: Sequence[LayerWeight], scheme: Scheme, known: dict[object, Rounded | None]) -> Quantized:
    rounded: dict[LayerWeight, Rounded] = {}
    stays: dict[LayerWeight, Reason] = {}
    for weight in weights:
        reason = _reason(weight, scheme)
        made = None if reason else _rounded(graph, weight, scheme, known)
        if made:
            rounded[weight] = made
        else:
            stays[weight] = reason or Reason.RANGE
    return Quantized(_with_expressions(graph, rounded), graph, rounded, stays)


def _reason(weight: LayerWeight, scheme: Scheme) -> Reason | None:
    """Why a weight stays; None when it does not, unless its numbers do not fit."""
    operand = weight.operand
    if any(fnmatchcase(name, pattern) for name in weight.names for pattern in scheme.keep):
        return Reason.KEPT
    if scheme.weights is Weights.FLOAT32 or operand.data_type.value == scheme.weights.value:
        return Reason.TYPE
    if weight.is_table and not scheme.embeddings:
        return Reason.TABLE
    if weight.others:
        return Reason.SHARED
    if operand.size < SMALL:
        return Reason.SMALL
    if scheme.weights is Weights.FLOAT16:
        return None
    if weight.summed is None:
        return Reason.SHAPE
    return Reason.CHANNELS if math.prod(channels(operand.shape, weight.summed)) < FEW else None


def _rounded(graph: Graph, weight: LayerWeight, scheme: Scheme, known: dict[object, Rounded | None]) -> Rounded | None:
    """What a weight becomes; the ``known`` one where the same weight of another graph became it."""
    of_operand = graph.weights[weight.operand]
    key = (of_operand.digest, weight.operand.descriptor, weight.summed)
    if key not in known:
        known[key] = _numbers(of_operand.array, weight, scheme)
    return known[key]


def _numbers(array: Array, weight: LayerWeight, scheme: Scheme) -> Rounded | None:
    if scheme.weights is Weights.FLOAT16 or weight.summed is None:
        return in_halves(array)
    is_int4 = scheme.weights is Weights.INT4 and not weight.is_read_by_rows  # WebNN cannot gather 4 bits
    block = blocks(array.shape, weight.summed, scheme.block_size) if is_int4 else None
    if block:
        return in_integers(array, DataType.INT4, block, symmetric=False)
    return in_integers(array, DataType.INT8, channels(array.shape, weight.summed), symmetric=True)


# ------------------------------------------------------------------------------------------------------------- the new graph
def _with_expressions(graph: Graph, rounded: Mapping[LayerWeight, Rounded]) -> Graph:
    """The graph with an expression of its rounded values in the place of each weight."""
    expressions, weights = _Expressions(graph, rounded), {weight.operand for weight in rounded}
    return replay(graph, {node: partial(expressions.call, node) for node in graph.nodes if not weights.isdisjoint(node.operands)})


class _Expressions:
    """What stands for weights in a graph that is built anew: made where it is first read, and once."""

    def __init__(self, graph: Graph, rounded: Mapping[LayerWeight, Rounded]) -> None:
        self._rounded = {weight.operand: made for weight, made in rounded.items()}
        self._by_rows = {weight.operand for weight in rounded if weight.is_read_by_rows}
        self._names = Names()
        for name in graph.operands:
            self._names.take(name)
        self._zeros = self._names.take("zero_point")
        self._stored: dict[Operand, Stored] = {}
        self._whole: dict[Operand, Operand] = {}

    def call(self, node: Node, b: GraphBuilder, new: Mapped) -> Any:
        """The call of a node that reads weights."""
        table = node.arguments.get("input")
        if table in self._by_rows and node.output.size < table.size:
            return self._rows(b, node, new)
        return b.repeat(node, lambda operand: self._dequantized(b, operand) if operand in self._rounded else new(operand))

    def _rows(self, b: GraphBuilder, node: Node, new: Mapped) -> Operand:
        """The rows of a table that are gathered, dequantized afterwards: they are fewer."""
        indices, axis = new(node.arguments["indices"]), node.arguments.get("axis", 0)
        return self._expression(b, node.arguments["input"], lambda stored: b.gather(stored, indices, axis=axis))

    def _dequantized(self, b: GraphBuilder, operand: Operand) -> Operand:
        if operand not in self._whole:
            self._whole[operand] = self._expression(b, operand, lambda stored: stored)
        return self._whole[operand]

    def _expression(self, b: GraphBuilder, operand: Operand, part: Callable[[Operand], Operand]) -> Operand:
        """A weight, or a part that is taken of its values, scales and zero points alike."""
        values, scale, zero_point = self._constants(b, operand)
        if scale is None:
            return b.cast(part(values), operand.data_type)
        steps = part(scale)
        zeros = part(zero_point) if zero_point else b.constant(np.zeros(steps.shape, values.data_type.numpy), values.data_type, self._zeros)
        return b.dequantizeLinear(part(values), steps, zeros)

    def _constants(self, b: GraphBuilder, operand: Operand) -> Stored:
        """The constants that a weight became, with names like its own."""
        if operand not in self._stored:
            made = self._rounded[operand]
            values = b.constant(made.values, name=operand.name)
            scale = b.constant(made.scale, name=self._names.take(f"{operand.name}_scale")) if made.scale else None
            zero_point = b.constant(made.zero_point, name=self._names.take(f"{operand.name}_zero_point")) if made.zero_point else None
            self._stored[operand] = (values, scale, zero_point)
        return self._stored[operand]

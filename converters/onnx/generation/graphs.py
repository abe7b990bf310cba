"""The graphs of a model that generates: one call of the source model each, on a cache of fixed size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converters.lowering.sorting import top
from converters.onnx.conversion import Conversion
from converters.onnx.convert import run, scope_of
from converters.onnx.generation.caching import CachingBuilder, Layout
from converters.onnx.generation.encoding import MASK
from converters.onnx.generation.interface import BRANCH, HIDDEN, HIDDEN_MASK, LENGTHS, LOGITS_KEPT, MASKS, PLACES, Interface, State
from converters.onnx.generation.loading import Loaded
from converters.onnx.reading.interface import dims_of
from converters.onnx.reading.tensors import Element
from converters.onnx.scope import GraphScope
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Descriptor, Graph, Operand
from webnn_graph.passes import optimize

ALONE = frozenset({"add", "sub", "mul", "div", "tanh", "cast", "identity", "where", "clamp"})
"""Operators that compute each row of their result of the same row of their operands."""


@dataclass(frozen=True)
class Request:
    """Which graph of a decoder is made.

    Attributes:
        name: Its name.
        tokens: How many it takes at once.
        room: Tokens that the cache has room for.
        layout: Where the model finds the new ones.
        top: How many of the largest logits are given.
        crossed: What the encoder's graph gives or takes, by name.
    """

    name: str
    tokens: int
    room: int
    layout: Layout
    top: int
    crossed: Mapping[str, Descriptor]


def decoder_graph(loaded: Loaded, interface: Interface, request: Request, budget: Budget) -> tuple[Graph, bool]:
    """A graph that takes so many tokens, and whether tokens behind the last one of interest may be any.

    Raises:
        ConversionError: Operators cannot be converted, or what the model gives for its cache cannot be taken for one.
    """
    b = CachingBuilder(request.name, request.tokens, request.room, request.layout, budget)
    conversion = loaded.conversion(b)
    scope = scope_of(conversion)
    pasts = _give(conversion, scope, interface, request)
    names = ["logits", *(state.present for state in interface.states if not state.is_cross)]
    logits, *presents = run(conversion, scope, names)
    results: dict[str, Operand] = {}
    last = b.input("last", DataType.INT32, [1]) if request.tokens > 1 else None
    chosen, takes_any = _chosen(b, _operand(logits, "logits"), last, request.tokens)
    results["logits"] = b.cast(b.reshape(chosen, [1, chosen.shape[-1]]), DataType.FLOAT32)
    results |= with_top(b, results["logits"], request.top)
    for present, (state, past) in zip(presents, pasts.items(), strict=True):
        results[f"present_{state.name}"] = _kept(b, state, past, _operand(present, state.present), request, last)
    graph = optimize(b.build(results))
    recurrent = any(state.axis is None for state in pasts)
    return _without_unread(graph, request.crossed), takes_any and not recurrent


def with_top(b: GraphBuilder, logits: Operand, count: int) -> dict[str, Operand]:
    """The largest logits [1, count] in falling order, and their ids, int32."""
    values, indices = top(b, logits, min(count, logits.shape[1]), 1, largest=True)
    return {"top_logits": values, "top_ids": b.cast(indices(), DataType.INT32)}


# ----------------------------------------------------------------------------------------------------------------- inputs
def _give(conversion: Conversion, scope: GraphScope, interface: Interface, request: Request) -> dict[State, Operand]:
    """Gives the model's inputs their values; the caches by their states, those of the encoder not among them."""
    b = conversion.builder
    assert isinstance(b, CachingBuilder)
    tokens = request.tokens
    states = {state.past: state for state in interface.states}
    ids = b.input("input_ids", DataType.INT32, [1, tokens])
    steps = b.constant(b.arange(tokens, np.int32))
    places = b.add(b.position, steps)
    pasts: dict[State, Operand] = {}
    for name in interface:
        element = conversion.element(interface.inputs[name].type.tensor_type.elem_type)
        if name in states:
            value = _past(b, states[name], element, request, pasts)
        elif name == interface.tokens:
            value = b.cast(ids, element.data_type)
        elif name in PLACES:
            dims = dims_of(interface.inputs[name]) or [None]
            shape = [tokens] if len(dims) == 1 else [*(size if isinstance(size, int) else 1 for size in dims[:-1]), tokens]
            value = b.expand(b.reshape(b.cast(places, element.data_type), [1] * (len(shape) - 1) + [tokens]), shape)
        elif name in MASKS:
            value = b.cast(b.real(), element.data_type)
            b.has_length(value, 1, tokens)
        elif name == BRANCH:
            value = b.constant(np.ones(_fixed(interface, name), np.uint8), element.data_type)
        elif name in LOGITS_KEPT:  # 0 is all of them
            value = b.constant(np.full(_fixed(interface, name), 0 if tokens > 1 else 1), element.data_type)
        elif name in LENGTHS:
            value = _length(b, name, element, _fixed(interface, name), tokens)
        else:
            value = _of_encoder(b, name, element, request)
        scope.values[name] = value
        scope.types[name] = element.onnx_type
    return pasts


def _past(b: CachingBuilder, state: State, element: Element, request: Request, pasts: dict[State, Operand]) -> Operand:
    if state.is_cross:
        descriptor = request.crossed[state.name]
        return b.input(state.name, descriptor.data_type, descriptor.shape)
    past = b.input(f"past_{state.name}", element.data_type, state.sized(request.room))
    pasts[state] = past
    if state.axis is None:
        return past
    if state.is_shared:
        b.has_length(past, state.axis, 0)
        return past
    return b.past(past, state.axis)


def _length(b: CachingBuilder, name: str, element: Element, shape: tuple[int, ...], tokens: int) -> Operand:
    new = {"seqlens_k": tokens - 1, "total_sequence_length": tokens, "past_sequence_length": 0}[name]
    return b.reshape(b.cast(b.length(new), element.data_type), shape)


def _fixed(interface: Interface, name: str) -> tuple[int, ...]:
    """The shape of an input that has one value for each entry of the batch."""
    return tuple(size if isinstance(size, int) else 1 for size in dims_of(interface.inputs[name]) or ())


def _of_encoder(b: GraphBuilder, name: str, element: Element, request: Request) -> Operand:
    own = {HIDDEN_MASK: MASK}.get(name, name)
    if name == HIDDEN_MASK and own not in request.crossed and HIDDEN in request.crossed:
        return b.constant(np.ones(request.crossed[HIDDEN].shape[:2]), element.data_type)
    if own not in request.crossed:
        raise ConversionError(f"input {name} is what an encoder gives, and there is no encoder", "give the folder that has it")
    descriptor = request.crossed[own]
    return b.cast(b.input(own, descriptor.data_type, descriptor.shape), element.data_type)


def _without_unread(graph: Graph, crossed: Mapping[str, Descriptor]) -> Graph:
    """The graph without inputs of the encoder's output that nothing reads."""
    read = {operand for node in graph.nodes for operand in node.operands}
    kept = tuple(operand for operand in graph.inputs if operand in read or operand.name not in crossed)
    return replace(graph, inputs=kept)


# ---------------------------------------------------------------------------------------------------------------- outputs
def _operand(value: Any, name: str) -> Operand:
    if not isinstance(value, Operand):
        raise ConversionError(f"output {name} is no tensor")
    return value


def _chosen(b: CachingBuilder, logits: Operand, last: Operand | None, tokens: int) -> tuple[Operand, bool]:
    """The logits after the token that is asked for, and whether there is such a choice."""
    if last is None:
        return logits, True
    if logits.rank == 3 and logits.shape[1] == tokens:
        return row_of(b, logits, 1, last), True
    if logits.size == logits.shape[-1]:
        return logits, False
    raise ConversionError(f"logits are {list(logits.shape)}; a row for each of {tokens} tokens is expected")


def row_of(b: CachingBuilder, x: Operand, axis: int, row: Operand) -> Operand:
    """One row along an axis, computed without the others where each is computed by itself and nothing else needs them.

    Args:
        x: What has the rows.
        axis: Counted from the front.
        row: int32[1].
    """
    node = b.producer(x) if b.readers[x] <= 1 else None
    behind = x.rank - axis

    def part(operand: Operand) -> Operand:
        """The row of an operand that broadcasts to x."""
        at = operand.rank - behind
        return row_of(b, operand, at, row) if at >= 0 and operand.shape[at] > 1 else operand

    if node is not None and node.op == "matmul" and behind == 2:
        a, weights = node.operands
        if b.is_known(weights):
            return b.matmul(part(a), weights)
    if node is not None and node.op in ALONE and len(node.outputs) == 1:
        rows = {name: part(value) if isinstance(value, Operand) else value for name, value in node.arguments.items()}
        result: Operand = b.call(node.op, **rows)
        return result
    return b.gather(x, row, axis=axis)


def _kept(b: CachingBuilder, state: State, past: Operand, present: Operand, request: Request, last: Operand | None) -> Operand:
    """The cache that the next call is given."""
    if state.axis is None or state.is_shared or b.layout.is_in_place:
        if present.shape != past.shape:
            raise ConversionError(
                f"output {state.present} is {list(present.shape)}; as long as {state.past}, {list(past.shape)}, is expected"
            )
        return present
    axis, tokens = state.axis, request.tokens
    if present.shape != state.sized(b.keys):
        raise ConversionError(f"output {state.present} is {list(present.shape)}; {state.past} and {tokens} more tokens are expected")
    if last is not None:  # what was filled up is not kept
        rows = b.add(last, 1 + b.arange(request.room, np.int32))
        return b.gather(present, rows, axis=axis)
    starts = [tokens if at == axis else 0 for at in range(present.rank)]
    return b.slice(present, starts, list(past.shape))

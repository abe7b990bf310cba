"""LSTM and GRU, as cells and over sequences: cells are sequences of one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webnn_graph.graph import Descriptor
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import Value
from webnn_graph.ops.recurrent import passes

DIRECTIONS = {"forward": "forward", "backward": "reverse", "both": "bidirectional"}
FUNCTIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
GRU, LSTM = "zrn", "iofg"
"""The orders in which ONNX has the gates."""


def _ordered(m: ModelBuilder, stacked: Value, layout: str, order: str) -> Value:
    """Gates that stand along axis 1 in one layout, in another."""
    if layout == order:
        return stacked
    parts = dict(zip(layout, _split(m, stacked, len(layout), 1), strict=True))
    return m.node("Concat", *(parts[gate] for gate in order), shape=stacked.shape, axis=1)


def _split(m: ModelBuilder, stacked: Value, count: int, axis: int) -> list[Value]:
    size = stacked.shape[axis] // count
    shape = (*stacked.shape[:axis], size, *stacked.shape[axis + 1 :])
    return [part for part in m.nodes("Split", stacked, m.constant([size] * count), shapes=[shape] * count, axis=axis) if part]


def _biases(m: ModelBuilder, bias: Value | None, recurrent: Value | None, layout: str, order: str) -> Value | None:
    """Both biases [d, gates h] after one another, zeros for one that is left out."""
    given = bias or recurrent
    if given is None:
        return None
    zeros = m.filled(0, given.shape, given.type)
    both = [_ordered(m, one, layout, order) if one else zeros for one in (bias, recurrent)]
    return m.node("Concat", *both, shape=(given.shape[0], 2 * given.shape[1]), axis=1)


def _sequence(
    m: ModelBuilder,
    op: str,
    order: str,
    input: Value,
    weight: Value,
    recurrentWeight: Value,
    hiddenSize: int,
    states: Sequence[Value | None],
    bias: Value | None,
    recurrentBias: Value | None,
    layout: str,
    direction: str,
    activations: Sequence[str],
    results: Sequence[Descriptor],
    **attributes: Any,
) -> list[Value]:
    """A sequence; its results are the last states and, where the call has one more, all of the first."""
    directions = weight.shape[0]
    last, sequence = results[: len(states)], results[len(states) :]
    made = m.nodes(
        op,
        input,
        _ordered(m, weight, layout, order),
        _ordered(m, recurrentWeight, layout, order),
        _biases(m, bias, recurrentBias, layout, order),
        None,
        *states,
        shapes=[sequence[0].shape if sequence else None, *(result.shape for result in last)],
        hidden_size=hiddenSize,
        direction=DIRECTIONS[direction],
        activations=[FUNCTIONS[name] for name in activations] * directions,
        **attributes,
    )
    return [value for value in (*made[1:], made[0]) if value]


# -------------------------------------------------------------------------------------------------------------------- gru
@translates("gru")
def gru(
    m: ModelBuilder,
    input: Value,
    weight: Value,
    recurrentWeight: Value,
    steps: int,
    hiddenSize: int,
    /,
    *,
    bias: Value | None,
    recurrentBias: Value | None,
    initialHiddenState: Value | None,
    resetAfter: bool,
    returnSequence: bool,
    direction: str,
    layout: str,
    activations: Sequence[str],
    results: Sequence[Descriptor],
) -> list[Value]:
    return _sequence(
        m, "GRU", GRU, input, weight, recurrentWeight, hiddenSize, [initialHiddenState], bias, recurrentBias, layout, direction,
        activations, results, linear_before_reset=int(resetAfter),
    )  # fmt: skip


@translates("gruCell")
def gru_cell(
    m: ModelBuilder,
    input: Value,
    weight: Value,
    recurrentWeight: Value,
    hiddenState: Value,
    hiddenSize: int,
    /,
    *,
    bias: Value | None,
    recurrentBias: Value | None,
    resetAfter: bool,
    layout: str,
    activations: Sequence[str],
    result: Descriptor,
) -> Value:
    x, w, r, h, b, rb = (_one(m, value) for value in (input, weight, recurrentWeight, hiddenState, bias, recurrentBias))
    assert x and w and r
    (state,) = _sequence(
        m, "GRU", GRU, x, w, r, hiddenSize, [h], b, rb, layout, "forward", activations, [result.with_shape((1, *result.shape))],
        linear_before_reset=int(resetAfter),
    )  # fmt: skip
    return m.reshape(state, result.shape)


def _one(m: ModelBuilder, value: Value | None) -> Value | None:
    """One step, or what belongs to one direction."""
    return value and m.reshape(value, (1, *value.shape))


# ------------------------------------------------------------------------------------------------------------------- lstm
@translates("lstm")
def lstm(
    m: ModelBuilder,
    input: Value,
    weight: Value,
    recurrentWeight: Value,
    steps: int,
    hiddenSize: int,
    /,
    *,
    bias: Value | None,
    recurrentBias: Value | None,
    peepholeWeight: Value | None,
    initialHiddenState: Value | None,
    initialCellState: Value | None,
    returnSequence: bool,
    direction: str,
    layout: str,
    activations: Sequence[str],
    results: Sequence[Descriptor],
) -> list[Value]:
    states = [initialHiddenState, initialCellState]
    if peepholeWeight is None:
        return _sequence(
            m, "LSTM", LSTM, input, weight, recurrentWeight, hiddenSize, states, bias, recurrentBias, layout, direction,
            activations, results,
        )  # fmt: skip
    return _with_peepholes(
        m, input, weight, recurrentWeight, hiddenSize, states, _biases(m, bias, recurrentBias, layout, LSTM), peepholeWeight, layout,
        direction, activations,
    )[: len(results)]  # fmt: skip


@translates("lstmCell")
def lstm_cell(
    m: ModelBuilder,
    input: Value,
    weight: Value,
    recurrentWeight: Value,
    hiddenState: Value,
    cellState: Value,
    hiddenSize: int,
    /,
    *,
    bias: Value | None,
    recurrentBias: Value | None,
    peepholeWeight: Value | None,
    layout: str,
    activations: Sequence[str],
    results: Sequence[Descriptor],
) -> list[Value]:
    x, w, r, h, c, b, rb, p = (
        _one(m, value) for value in (input, weight, recurrentWeight, hiddenState, cellState, bias, recurrentBias, peepholeWeight)
    )
    assert x and w and r
    if p:
        made = _with_peepholes(m, x, w, r, hiddenSize, [h, c], _biases(m, b, rb, layout, LSTM), p, layout, "forward", activations)[:2]
    else:
        lasts = [result.with_shape((1, *result.shape)) for result in results]
        made = _sequence(m, "LSTM", LSTM, x, w, r, hiddenSize, [h, c], b, rb, layout, "forward", activations, lasts)
    return [m.reshape(state, result.shape) for state, result in zip(made, results, strict=True)]


def _with_peepholes(
    m: ModelBuilder,
    input: Value,
    weight: Value,
    recurrentWeight: Value,
    hiddenSize: int,
    states: Sequence[Value | None],
    biases: Value | None,
    peepholeWeight: Value,
    layout: str,
    direction: str,
    activations: Sequence[str],
) -> list[Value]:
    """Step by step: ONNX's output gate looks at the new cell state, WebNN's at the old one."""
    gate, candidate, squash = (FUNCTIONS[name] for name in activations)
    length, batch = input.shape[:2]
    state = (batch, hiddenSize)
    finals: list[list[Value]] = [[], []]
    sequences = []
    for d, order in passes(direction, length):
        w, r = (_at(m, _ordered(m, stacked, layout, LSTM), d) for stacked in (weight, recurrentWeight))
        bias = m.node("Add", *_split(m, _at(m, biases, d), 2, 0)) if biases else None
        pi, po, pf = _split(m, _at(m, peepholeWeight, d), 3, 0)
        hidden, cell = (_at(m, value, d) if value else m.filled(0, state, input.type) for value in states)
        made = {}
        for step in order:
            product = m.node("Gemm", _at(m, input, step), w, bias, shape=(batch, 4 * hiddenSize), transB=1)
            i, o, f, g = _split(m, m.node("Gemm", hidden, r, product, shape=(batch, 4 * hiddenSize), transB=1), 4, 1)
            i, o, f = (m.node(gate, m.node("Add", part, m.node("Mul", peephole, cell))) for part, peephole in ((i, pi), (o, po), (f, pf)))
            cell = m.node("Add", m.node("Mul", f, cell), m.node("Mul", i, m.node(candidate, g)))
            hidden = made[step] = m.node("Mul", o, m.node(squash, cell))
        for all_of, last in zip(finals, (hidden, cell), strict=True):
            all_of.append(last)
        rows = [m.reshape(made[step], (1, 1, *state)) for step in range(length)]
        sequences.append(m.node("Concat", *rows, shape=(length, 1, *state), axis=0))
    lasts = [_joined(m, [m.reshape(value, (1, *state)) for value in all_of], 0) for all_of in finals]
    return [*lasts, _joined(m, sequences, 1)]


def _at(m: ModelBuilder, value: Value, i: int) -> Value:
    """value[i]"""
    rest = value.shape[1:]
    part = value
    if value.shape[0] > 1:
        part = m.node("Slice", value, m.constant([i]), m.constant([i + 1]), m.constant([0]), shape=(1, *rest))
    return m.reshape(part, rest)


def _joined(m: ModelBuilder, parts: Sequence[Value], axis: int) -> Value:
    if len(parts) == 1:
        return parts[0]
    shape = list(parts[0].shape)
    shape[axis] = len(parts)
    return m.node("Concat", *parts, shape=shape, axis=axis)

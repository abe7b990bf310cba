"""LSTM, GRU and plain recurrent layers, all layers and directions of which one overload computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from converters.lowering import recurrent as lowering
from converters.lowering.matrix import projected
from converters.lowering.pieces import stack, unstack
from converters.lowering.recurrent import Step, gates
from converters.torch.registry import aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MAX_STEPS = 512
"""Longest sequence for which a loop is written out."""

Layer = Callable[[Operand, Sequence[Sequence[Operand]], Sequence[Sequence[Operand]]], tuple[Operand, list[list[Operand]]]]
"""Of x [steps, batch, size], the weights of each direction and the states of each direction makes the output and the states."""


def _layers(
    b: GraphBuilder,
    input: Operand,
    states: Sequence[Operand],
    params: Sequence[Operand],
    per_direction: int,
    num_layers: int,
    bidirectional: bool,
    batch_first: bool,
    layer: Layer,
) -> list[Operand]:
    """Runs the layers one after the other; the states are [layers * directions, batch, size] each."""
    directions = 2 if bidirectional else 1
    x = b.transpose(input, permutation=[1, 0, 2]) if batch_first else input
    initial = list(zip(*(unstack(b, state, 0) for state in states), strict=True))
    weights = [params[i : i + per_direction] for i in range(0, len(params), per_direction)]
    final: list[list[Operand]] = []
    for i in range(num_layers):
        mine = slice(i * directions, (i + 1) * directions)
        x, last = layer(x, weights[mine], initial[mine])
        final += last
    results = [stack(b, [state[i] for state in final], 0) for i in range(len(states))]
    y = b.transpose(x, permutation=[1, 0, 2]) if batch_first else x
    return [y, *results]


def _joined(b: GraphBuilder, outputs: Operand) -> Operand:
    """[steps, directions, batch, size] as [steps, batch, directions * size]."""
    steps, directions, batch, size = outputs.shape
    return b.reshape(b.transpose(outputs, permutation=[0, 2, 1, 3]), [steps, batch, directions * size])


def _refuse_dropout(dropout: float, train: bool) -> None:
    if dropout and train:
        raise ConversionError("dropout between recurrent layers is random in training mode", "call module.eval() before exporting")


# ---------------------------------------------------------------------------------------------------------------------- LSTM
@aten_op(aten.lstm.input, how="lstm per layer; with a projection written out step by step")
def lstm(
    b: GraphBuilder,
    input: Operand,
    hx: Sequence[Operand],
    params: Sequence[Operand],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    _refuse_dropout(dropout, train)
    projected = hx[0].shape[-1] != hx[1].shape[-1]
    layer = _projected_lstm if projected else _whole_lstm
    per_direction = 2 + 2 * has_biases + projected

    def run(x: Operand, weights: Any, states: Any) -> tuple[Operand, list[list[Operand]]]:
        return layer(b, x, weights, states, has_biases)

    return tuple(_layers(b, input, hx, params, per_direction, num_layers, bidirectional, batch_first, run))


def _stacked(b: GraphBuilder, weights: Sequence[Sequence[Operand]], index: int, present: str, wanted: str) -> Operand:
    """One parameter of every direction, its gates reordered, along a new first axis."""
    return stack(b, [gates(b, w[index], present, wanted) for w in weights], 0)


def _whole_lstm(b: GraphBuilder, x: Operand, weights: Any, states: Any, has_biases: bool) -> tuple[Operand, list[list[Operand]]]:
    """One layer by WebNN's lstm. PyTorch's gates stand in the order input, forget, cell, output."""
    hidden = states[0][0].shape[-1]
    w, r, *biases = (_stacked(b, weights, i, "ifgo", "iofg") for i in range(2 + 2 * has_biases))
    h, c, outputs = b.lstm(
        x,
        w,
        r,
        x.shape[0],
        hidden,
        initialHiddenState=stack(b, [state[0] for state in states], 0),
        initialCellState=stack(b, [state[1] for state in states], 0),
        direction="both" if len(states) == 2 else "forward",
        returnSequence=True,
        bias=next(iter(biases), None),
        recurrentBias=next(iter(biases[1:]), None),
    )
    return _joined(b, outputs), [list(pair) for pair in zip(unstack(b, h, 0), unstack(b, c, 0), strict=True)]


def _projected_lstm(b: GraphBuilder, x: Operand, weights: Any, states: Any, has_biases: bool) -> tuple[Operand, list[list[Operand]]]:
    """One layer whose hidden state is projected, which WebNN's lstm does not do: written out step by step."""

    def step_of(parameters: Sequence[Operand]) -> Step:
        def step(item: Operand, state: list[Operand]) -> list[Operand]:
            h, c = state
            i, f, g, o = b.split(b.gemm(h, parameters[1], c=item, bTranspose=True), 4, axis=1)
            cell = b.add(b.mul(b.sigmoid(f), c), b.mul(b.sigmoid(i), b.tanh(g)))
            return [b.gemm(b.mul(b.sigmoid(o), b.tanh(cell)), parameters[-1], bTranspose=True), cell]

        return step

    return _written_out(b, x, weights, states, has_biases, step_of)


def _written_out(
    b: GraphBuilder, x: Operand, weights: Any, states: Any, has_biases: bool, step_of: Callable[[Sequence[Operand]], Step]
) -> tuple[Operand, list[list[Operand]]]:
    """One layer as an unrolled loop over the projected input; both biases are added to all steps at once."""
    if x.shape[0] > MAX_STEPS:
        raise ConversionError(f"a recurrent layer that WebNN lacks would be written out {x.shape[0]} times; the limit is {MAX_STEPS}")
    directions = []
    for i, (parameters, state) in enumerate(zip(weights, states, strict=True)):
        bias = b.add(parameters[2], parameters[3]) if has_biases else None
        inputs = projected(b, x, parameters[0], bias)
        directions.append(lowering.Direction(inputs, list(state), step_of(parameters), backward=i == 1))
    outputs, final = lowering.unrolled(b, directions)
    return _joined(b, outputs), [list(pair) for pair in zip(*(unstack(b, state, 0) for state in final), strict=True)]


@aten_op(aten.lstm_cell.default, how="lstmCell")
def lstm_cell(
    b: GraphBuilder,
    input: Operand,
    hx: Sequence[Operand],
    w_ih: Operand,
    w_hh: Operand,
    b_ih: Operand | None,
    b_hh: Operand | None,
) -> Any:
    bias, recurrent_bias = (None if bias is None else gates(b, bias, "ifgo", "iofg") for bias in (b_ih, b_hh))
    w, r = (gates(b, weight, "ifgo", "iofg") for weight in (w_ih, w_hh))
    return tuple(b.lstmCell(input, w, r, hx[0], hx[1], hx[0].shape[-1], bias=bias, recurrentBias=recurrent_bias))


# ----------------------------------------------------------------------------------------------------------------------- GRU
@aten_op(aten.gru.input, how="gru per layer; PyTorch's gates stand in the order reset, update, new")
def gru(
    b: GraphBuilder,
    input: Operand,
    hx: Operand,
    params: Sequence[Operand],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    _refuse_dropout(dropout, train)

    def run(x: Operand, weights: Any, states: Any) -> tuple[Operand, list[list[Operand]]]:
        w, r, *biases = (_stacked(b, weights, i, "rzn", "zrn") for i in range(2 + 2 * has_biases))
        h, outputs = b.gru(
            x,
            w,
            r,
            x.shape[0],
            states[0][0].shape[-1],
            initialHiddenState=stack(b, [state[0] for state in states], 0),
            resetAfter=True,
            returnSequence=True,
            direction="both" if len(states) == 2 else "forward",
            bias=next(iter(biases), None),
            recurrentBias=next(iter(biases[1:]), None),
        )
        return _joined(b, outputs), [[state] for state in unstack(b, h, 0)]

    return tuple(_layers(b, input, [hx], params, 2 + 2 * has_biases, num_layers, bidirectional, batch_first, run))


@aten_op(aten.gru_cell.default, how="gruCell")
def gru_cell(
    b: GraphBuilder, input: Operand, hx: Operand, w_ih: Operand, w_hh: Operand, b_ih: Operand | None, b_hh: Operand | None
) -> Operand:
    bias, recurrent_bias = (None if bias is None else gates(b, bias, "rzn", "zrn") for bias in (b_ih, b_hh))
    w, r = (gates(b, weight, "rzn", "zrn") for weight in (w_ih, w_hh))
    return b.gruCell(input, w, r, hx, hx.shape[-1], resetAfter=True, bias=bias, recurrentBias=recurrent_bias)


# ---------------------------------------------------------------------------------------------------------------------- plain
def _plain(activation: str) -> Callable[..., Any]:
    def rnn(
        b: GraphBuilder,
        input: Operand,
        hx: Operand,
        params: Sequence[Operand],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:
        _refuse_dropout(dropout, train)

        def step_of(parameters: Sequence[Operand]) -> Step:
            return lowering.rnn_step(b, parameters[1], getattr(b, activation))

        def run(x: Operand, weights: Any, states: Any) -> tuple[Operand, list[list[Operand]]]:
            return _written_out(b, x, weights, states, has_biases, step_of)

        return tuple(_layers(b, input, [hx], params, 2 + 2 * has_biases, num_layers, bidirectional, batch_first, run))

    return rnn


for overload, activation in {aten.rnn_tanh.input: "tanh", aten.rnn_relu.input: "relu"}.items():
    aten_op(overload, how="h = activation(W x + R h + biases), written out step by step")(_plain(activation))

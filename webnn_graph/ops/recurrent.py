"""LSTM and GRU, as cells and over sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.activation import sigmoid
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import FLOAT, LIKE_FIRST
from webnn_graph.ops.parameters import uint
from webnn_graph.ops.rules import require

Activation: TypeAlias = Literal["relu", "sigmoid", "tanh"]
Direction: TypeAlias = Literal["forward", "backward", "both"]
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": lambda x: np.maximum(x, 0), "sigmoid": sigmoid, "tanh": np.tanh}


def _gates(stacked: Array, layout: str, order: str) -> list[Array]:
    """The equal parts of the last axis, which stand in ``layout`` (one letter each), in ``order``."""
    parts = dict(zip(layout, np.split(stacked, len(layout), -1), strict=True))
    return [parts[gate] for gate in order]


def _plus(x: Array, bias: Array | None) -> Array:
    return x if bias is None else x + bias


def _check_shapes(**expected: tuple[Descriptor | None, tuple[int, ...]]) -> None:
    for name, (operand, shape) in expected.items():
        if operand is not None:
            require(operand.shape == shape, f"{name} has shape {list(operand.shape)}, expected {list(shape)}")


def _check_activations(activations: Sequence[str], count: int) -> None:
    require(len(activations) == count, f"activations {list(activations)} must have {count} entries")


# -------------------------------------------------------------------------------------------------------------------- cells
def _gru_cell(
    input: Array,
    weight: Array,
    recurrentWeight: Array,
    hiddenState: Array,
    hiddenSize: int,
    bias: Array | None,
    recurrentBias: Array | None,
    resetAfter: bool,
    layout: str,
    activations: Sequence[str],
) -> Array:
    gate, candidate = (ACTIVATIONS[name] for name in activations)
    wz, wr, wn = _gates(_plus(input @ weight.T, bias), layout, "zrn")
    if resetAfter:
        rz, rr, rn = _gates(_plus(hiddenState @ recurrentWeight.T, recurrentBias), layout, "zrn")
        reset = gate(wr + rr)
        new = candidate(wn + reset * rn)
    else:
        z, r, n = _gates(recurrentWeight.T, layout, "zrn")
        bz, br, bn = _gates(recurrentBias, layout, "zrn") if recurrentBias is not None else (0, 0, 0)
        rz, rr = hiddenState @ z + bz, hiddenState @ r + br
        new = candidate(wn + (gate(wr + rr) * hiddenState) @ n + bn)
    update = gate(wz + rz)
    return np.asarray(update * hiddenState + (1 - update) * new)


@op(
    run=_gru_cell,
    input=FLOAT.rank(2),
    weight=LIKE_FIRST.rank(2),
    recurrentWeight=LIKE_FIRST.rank(2),
    hiddenState=LIKE_FIRST.rank(2),
    bias=LIKE_FIRST.rank(1),
    recurrentBias=LIKE_FIRST.rank(1),
)
def gruCell(
    input: Operand,
    weight: Operand,
    recurrentWeight: Operand,
    hiddenState: Operand,
    hiddenSize: uint,
    /,
    *,
    bias: Operand | None = None,
    recurrentBias: Operand | None = None,
    resetAfter: bool = True,
    layout: Literal["zrn", "rzn"] = "zrn",
    activations: list[Activation] = ["sigmoid", "tanh"],
) -> Descriptor:
    """One step of a gated recurrent unit.

    input is [b, i], weight [3 h, i], recurrentWeight [3 h, h], hiddenState [b, h], the biases [3 h]; the result, the new hidden
    state, is [b, h]. ``layout`` is the order of update (z), reset (r) and new (n) gates.
    """
    batch, size = input.shape
    _check_shapes(
        weight=(weight, (3 * hiddenSize, size)),
        recurrentWeight=(recurrentWeight, (3 * hiddenSize, hiddenSize)),
        hiddenState=(hiddenState, (batch, hiddenSize)),
        bias=(bias, (3 * hiddenSize,)),
        recurrentBias=(recurrentBias, (3 * hiddenSize,)),
    )
    _check_activations(activations, 2)
    return input.with_shape((batch, hiddenSize))


def _lstm_cell(
    input: Array,
    weight: Array,
    recurrentWeight: Array,
    hiddenState: Array,
    cellState: Array,
    hiddenSize: int,
    bias: Array | None,
    recurrentBias: Array | None,
    peepholeWeight: Array | None,
    layout: str,
    activations: Sequence[str],
) -> list[Array]:
    gate, candidate, squash = (ACTIVATIONS[name] for name in activations)
    summed = _plus(input @ weight.T, bias) + _plus(hiddenState @ recurrentWeight.T, recurrentBias)
    i, o, f, g = _gates(summed, layout, "iofg")
    pi, po, pf = np.split(peepholeWeight, 3) if peepholeWeight is not None else (0, 0, 0)
    cell = gate(f + pf * cellState) * cellState + gate(i + pi * cellState) * candidate(g)
    # All three peepholes see the cell state from before the step; ONNX's output gate sees the new one.
    return [gate(o + po * cellState) * squash(cell), cell]


@op(
    run=_lstm_cell,
    input=FLOAT.rank(2),
    weight=LIKE_FIRST.rank(2),
    recurrentWeight=LIKE_FIRST.rank(2),
    hiddenState=LIKE_FIRST.rank(2),
    cellState=LIKE_FIRST.rank(2),
    bias=LIKE_FIRST.rank(1),
    recurrentBias=LIKE_FIRST.rank(1),
    peepholeWeight=LIKE_FIRST.rank(1),
)
def lstmCell(
    input: Operand,
    weight: Operand,
    recurrentWeight: Operand,
    hiddenState: Operand,
    cellState: Operand,
    hiddenSize: uint,
    /,
    *,
    bias: Operand | None = None,
    recurrentBias: Operand | None = None,
    peepholeWeight: Operand | None = None,
    layout: Literal["iofg", "ifgo"] = "iofg",
    activations: list[Activation] = ["sigmoid", "tanh", "tanh"],
) -> list[Descriptor]:
    """One step of a long short-term memory.

    input is [b, i], weight [4 h, i], recurrentWeight [4 h, h], the states [b, h], the biases [4 h], peepholeWeight [3 h] (input,
    output, forget). The results are the new hidden and cell states, [b, h] each. ``layout`` is the order of the gates.
    """
    batch, size = input.shape
    _check_shapes(
        weight=(weight, (4 * hiddenSize, size)),
        recurrentWeight=(recurrentWeight, (4 * hiddenSize, hiddenSize)),
        hiddenState=(hiddenState, (batch, hiddenSize)),
        cellState=(cellState, (batch, hiddenSize)),
        bias=(bias, (4 * hiddenSize,)),
        recurrentBias=(recurrentBias, (4 * hiddenSize,)),
        peepholeWeight=(peepholeWeight, (3 * hiddenSize,)),
    )
    _check_activations(activations, 3)
    return [input.with_shape((batch, hiddenSize))] * 2


# ---------------------------------------------------------------------------------------------------------------- sequences
def passes(direction: str, steps: int) -> Iterator[tuple[int, range]]:
    """For each direction its index and the order of its steps."""
    if direction != "backward":
        yield 0, range(steps)
    if direction != "forward":
        yield int(direction == "both"), range(steps - 1, -1, -1)


def _directions(direction: str) -> int:
    return 2 if direction == "both" else 1


def _at(array: Array | None, index: int) -> Any:
    return None if array is None else array[index]


def _gru(
    input: Array,
    weight: Array,
    recurrentWeight: Array,
    steps: int,
    hiddenSize: int,
    bias: Array | None,
    recurrentBias: Array | None,
    initialHiddenState: Array | None,
    resetAfter: bool,
    returnSequence: bool,
    direction: str,
    layout: str,
    activations: Sequence[str],
) -> list[Array]:
    shape = (_directions(direction), input.shape[1], hiddenSize)
    hidden = np.zeros(shape, input.dtype) if initialHiddenState is None else initialHiddenState.copy()
    sequence = np.zeros((steps, *shape), input.dtype)
    for d, order in passes(direction, steps):
        fixed = (_at(bias, d), _at(recurrentBias, d), resetAfter, layout, activations)
        for step in order:
            hidden[d] = _gru_cell(input[step], weight[d], recurrentWeight[d], hidden[d], hiddenSize, *fixed)
            sequence[step, d] = hidden[d]
    return [hidden, sequence] if returnSequence else [hidden]


@op(
    run=_gru,
    input=FLOAT.rank(3),
    weight=LIKE_FIRST.rank(3),
    recurrentWeight=LIKE_FIRST.rank(3),
    bias=LIKE_FIRST.rank(2),
    recurrentBias=LIKE_FIRST.rank(2),
    initialHiddenState=LIKE_FIRST.rank(3),
)
def gru(
    input: Operand,
    weight: Operand,
    recurrentWeight: Operand,
    steps: uint,
    hiddenSize: uint,
    /,
    *,
    bias: Operand | None = None,
    recurrentBias: Operand | None = None,
    initialHiddenState: Operand | None = None,
    resetAfter: bool = True,
    returnSequence: bool = False,
    direction: Direction = "forward",
    layout: Literal["zrn", "rzn"] = "zrn",
    activations: list[Activation] = ["sigmoid", "tanh"],
) -> list[Descriptor]:
    """A gated recurrent unit over a sequence, in one or both directions d.

    input is [steps, b, i], weight [d, 3 h, i], recurrentWeight [d, 3 h, h], the biases [d, 3 h], initialHiddenState [d, b, h]. The
    results are the last hidden state [d, b, h] and, with ``returnSequence``, all of them [steps, d, b, h].
    """
    length, batch, size = input.shape
    count = _directions(direction)
    require(steps == length, f"steps is {steps}, the input has {length}")
    _check_shapes(
        weight=(weight, (count, 3 * hiddenSize, size)),
        recurrentWeight=(recurrentWeight, (count, 3 * hiddenSize, hiddenSize)),
        bias=(bias, (count, 3 * hiddenSize)),
        recurrentBias=(recurrentBias, (count, 3 * hiddenSize)),
        initialHiddenState=(initialHiddenState, (count, batch, hiddenSize)),
    )
    _check_activations(activations, 2)
    state = input.with_shape((count, batch, hiddenSize))
    return [state, input.with_shape((steps, *state.shape))] if returnSequence else [state]


def _lstm(
    input: Array,
    weight: Array,
    recurrentWeight: Array,
    steps: int,
    hiddenSize: int,
    bias: Array | None,
    recurrentBias: Array | None,
    peepholeWeight: Array | None,
    initialHiddenState: Array | None,
    initialCellState: Array | None,
    returnSequence: bool,
    direction: str,
    layout: str,
    activations: Sequence[str],
) -> list[Array]:
    shape = (_directions(direction), input.shape[1], hiddenSize)
    hidden = np.zeros(shape, input.dtype) if initialHiddenState is None else initialHiddenState.copy()
    cell = np.zeros(shape, input.dtype) if initialCellState is None else initialCellState.copy()
    sequence = np.zeros((steps, *shape), input.dtype)
    for d, order in passes(direction, steps):
        fixed = (_at(bias, d), _at(recurrentBias, d), _at(peepholeWeight, d), layout, activations)
        for step in order:
            hidden[d], cell[d] = _lstm_cell(input[step], weight[d], recurrentWeight[d], hidden[d], cell[d], hiddenSize, *fixed)
            sequence[step, d] = hidden[d]
    return [hidden, cell, sequence] if returnSequence else [hidden, cell]


@op(
    run=_lstm,
    input=FLOAT.rank(3),
    weight=LIKE_FIRST.rank(3),
    recurrentWeight=LIKE_FIRST.rank(3),
    bias=LIKE_FIRST.rank(2),
    recurrentBias=LIKE_FIRST.rank(2),
    peepholeWeight=LIKE_FIRST.rank(2),
    initialHiddenState=LIKE_FIRST.rank(3),
    initialCellState=LIKE_FIRST.rank(3),
)
def lstm(
    input: Operand,
    weight: Operand,
    recurrentWeight: Operand,
    steps: uint,
    hiddenSize: uint,
    /,
    *,
    bias: Operand | None = None,
    recurrentBias: Operand | None = None,
    peepholeWeight: Operand | None = None,
    initialHiddenState: Operand | None = None,
    initialCellState: Operand | None = None,
    returnSequence: bool = False,
    direction: Direction = "forward",
    layout: Literal["iofg", "ifgo"] = "iofg",
    activations: list[Activation] = ["sigmoid", "tanh", "tanh"],
) -> list[Descriptor]:
    """A long short-term memory over a sequence, in one or both directions d.

    input is [steps, b, i], weight [d, 4 h, i], recurrentWeight [d, 4 h, h], the biases [d, 4 h], peepholeWeight [d, 3 h], the initial
    states [d, b, h]. The results are the last hidden and cell states [d, b, h] and, with ``returnSequence``, all hidden states
    [steps, d, b, h].
    """
    length, batch, size = input.shape
    count = _directions(direction)
    require(steps == length, f"steps is {steps}, the input has {length}")
    state_shape = (count, batch, hiddenSize)
    _check_shapes(
        weight=(weight, (count, 4 * hiddenSize, size)),
        recurrentWeight=(recurrentWeight, (count, 4 * hiddenSize, hiddenSize)),
        bias=(bias, (count, 4 * hiddenSize)),
        recurrentBias=(recurrentBias, (count, 4 * hiddenSize)),
        peepholeWeight=(peepholeWeight, (count, 3 * hiddenSize)),
        initialHiddenState=(initialHiddenState, state_shape),
        initialCellState=(initialCellState, state_shape),
    )
    _check_activations(activations, 3)
    state = input.with_shape(state_shape)
    return [state, state, input.with_shape((steps, *state_shape))] if returnSequence else [state, state]

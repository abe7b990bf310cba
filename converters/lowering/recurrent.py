"""Recurrent layers that WebNN's own operators do not cover, unrolled step by step.

Sequences are [steps, batch, size]; states, one per direction, [directions, batch, hiddenSize].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from converters.lowering.matrix import projected
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand

Activation: TypeAlias = Callable[[Operand], Operand]
Step: TypeAlias = Callable[[Operand, list[Operand]], list[Operand]]
"""One step of one direction: the step's input and the states before -> the states after, the result first."""


@dataclass(frozen=True)
class Direction:
    """One direction of a layer.

    Attributes:
        inputs: What each step reads, along the first axis; already projected where the step wants it so.
        states: The states before the first step, each [batch, hiddenSize].
    """

    inputs: Operand
    states: list[Operand]
    step: Step
    backward: bool


def unrolled(b: GraphBuilder, directions: Sequence[Direction], lengths: Operand | None = None) -> tuple[Operand, list[Operand]]:
    """Runs the directions step by step.

    Args:
        lengths: For each sequence of the batch how many steps count, int32 [batch]; the states stay as they are in the others,
            and the results there are 0.

    Returns:
        All results [steps, directions, batch, hiddenSize] and the final states [directions, batch, hiddenSize].
    """
    results, finals = zip(*(_run(b, direction, lengths) for direction in directions), strict=True)
    states = [b.concat(list(states), 0) for states in zip(*finals, strict=True)]
    return b.concat(list(results), 1), states


def _run(b: GraphBuilder, direction: Direction, lengths: Operand | None) -> tuple[Operand, list[Operand]]:
    steps = direction.inputs.shape[0]
    parts = b.split(direction.inputs, steps, axis=0)
    states = direction.states
    batch, hidden = states[0].shape
    results: dict[int, Operand] = {}
    for t in range(steps - 1, -1, -1) if direction.backward else range(steps):
        after = direction.step(b.reshape(parts[t], list(parts[t].shape[1:])), states)
        result = after[0]
        if lengths is not None:
            counts = b.reshape(b.greater(lengths, b.constant(t, lengths.data_type)), [batch, 1])
            result = b.where(counts, after[0], b.constant(0, after[0].data_type))
            after = [b.where(counts, new, old) for new, old in zip(after, states, strict=True)]
        states = after
        results[t] = b.reshape(result, [1, 1, batch, hidden])
    return b.concat([results[t] for t in range(steps)], 0), [b.reshape(state, [1, *state.shape]) for state in states]


def gates(b: GraphBuilder, stacked: Operand, present: str, wanted: str, axis: int = 0) -> Operand:
    """Weights whose equal parts along an axis stand in the order ``present`` (one letter each), in the order ``wanted``."""
    if present == wanted:
        return stacked
    parts = dict(zip(present, b.split(stacked, len(present), axis=axis), strict=True))
    return b.concat([parts[gate] for gate in wanted], axis)


def rnn_step(b: GraphBuilder, recurrent: Operand, activation: Activation) -> Step:
    """h = f(x + h R'), x already projected and with both biases; recurrent [hiddenSize, hiddenSize]."""

    def step(x: Operand, states: list[Operand]) -> list[Operand]:
        return [activation(b.gemm(states[0], recurrent, c=x, bTranspose=True))]

    return step


def gru_step(
    b: GraphBuilder,
    recurrent: Operand,
    bias: Operand | None,
    *,
    gate: Activation,
    candidate: Activation,
    reset_after: bool,
) -> Step:
    """WebNN's gruCell with any activations; x already projected, gates in the order zrn.

    Args:
        recurrent: [3 * hiddenSize, hiddenSize].
        bias: The recurrent bias [3 * hiddenSize].
    """
    hidden = recurrent.shape[1]
    gates, new = b.split(recurrent, [2 * hidden, hidden], axis=0)
    gates_bias, new_bias = b.split(bias, [2 * hidden, hidden], axis=0) if bias is not None else (None, None)

    def step(x: Operand, states: list[Operand]) -> list[Operand]:
        (h,) = states
        from_input, candidate_input = b.split(x, [2 * hidden, hidden], axis=1)
        z, r = b.split(gate(b.add(from_input, projected(b, h, gates, gates_bias))), 2, axis=1)
        kept = b.mul(r, projected(b, h, new, new_bias)) if reset_after else projected(b, b.mul(r, h), new, new_bias)
        n = candidate(b.add(candidate_input, kept))
        return [b.add(b.mul(z, h), b.mul(b.sub(b.constant(1, h.data_type), z), n))]

    return step


def lstm_step(
    b: GraphBuilder,
    recurrent: Operand,
    peephole: Operand | None,
    *,
    gate: Activation,
    candidate: Activation,
    squash: Activation,
    coupled: bool = False,
) -> Step:
    """lstmCell with any activations; x already projected and with both biases, gates in the order iofg.

    The output gate's peephole sees the new cell state, as in ONNX; lstmCell's sees the old one.

    Args:
        recurrent: [4 * hiddenSize, hiddenSize].
        peephole: [3 * hiddenSize], for the gates i, o and f.
        coupled: The forget gate is 1 minus the input gate.
    """
    peeps = b.split(peephole, 3, axis=0) if peephole is not None else None

    def step(x: Operand, states: list[Operand]) -> list[Operand]:
        h, c = states
        i, o, f, g = b.split(b.gemm(h, recurrent, c=x, bTranspose=True), 4, axis=1)
        if peeps:
            i, f = b.add(i, b.mul(peeps[0], c)), b.add(f, b.mul(peeps[2], c))
        i = gate(i)
        f = b.sub(b.constant(1, i.data_type), i) if coupled else gate(f)
        cell = b.add(b.mul(f, c), b.mul(i, candidate(g)))
        if peeps:
            o = b.add(o, b.mul(peeps[1], cell))
        return [b.mul(gate(o), squash(cell)), cell]

    return step


def zeros(b: GraphBuilder, data_type: DataType, shape: Sequence[int]) -> Operand:
    """A state before anything happened."""
    b.reserve(*shape)
    return b.constant(np.zeros(tuple(shape), data_type.numpy))

"""Rows: LSTM, GRU and RNN."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from tests.onnx.one_node import Known, OneNode
from tests.onnx.values import normal, row, weights
from webnn_graph.data_types import Array

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
STEPS, BATCH, SIZE, HIDDEN = 5, 3, 4, 2
DIRECTIONS = ("forward", "reverse", "bidirectional")
RAGGED: Array = np.array([3, 5, 1], np.int32)
LENGTHS: list[Array | Known] = [RAGGED, Known(RAGGED), Known(np.full(BATCH, STEPS, np.int32))]


def layer(
    op: str,
    direction: str,
    *,
    bias: bool = True,
    lengths: Array | Known | None = None,
    state: bool = False,
    peephole: bool = False,
    **more: Any,
) -> OneNode:
    """A row for a layer of this kind, with all outputs."""
    count, gates = 2 if direction == "bidirectional" else 1, GATES[op]
    inputs: list[Array | Known | None] = [normal(STEPS, BATCH, SIZE)]
    inputs += [weights(count, gates * HIDDEN, SIZE), weights(count, gates * HIDDEN, HIDDEN)]
    inputs += [weights(count, 2 * gates * HIDDEN) if bias else None, lengths]
    inputs += [normal(count, BATCH, HIDDEN) if state else None] * (2 if op == "LSTM" else 1)
    inputs += [weights(count, 3 * HIDDEN)] * peephole
    while inputs[-1] is None:
        inputs.pop()
    return row(op, *inputs, opset=14, outputs=(0, 1, 2) if op == "LSTM" else (0, 1), hidden_size=HIDDEN, direction=direction, **more)


ALPHAS: dict[str, Any] = {"activation_alpha": [0.6, 0.7, 0.8], "activation_beta": [0.4, 0.3]}

CASES = [
    *[
        layer(op, direction, bias=bias, state=state)
        for op, direction, bias, state in product(GATES, DIRECTIONS, (True, False), (True, False))
    ],
    *[layer(op, direction, lengths=lengths, state=True) for op, direction in product(GATES, DIRECTIONS) for lengths in LENGTHS],
    *[layer(op, direction, clip=0.4) for op, direction in product(GATES, DIRECTIONS)],
    *[layer("GRU", direction, linear_before_reset=1, bias=bias) for direction, bias in product(DIRECTIONS, (True, False))],
    layer("GRU", "bidirectional", linear_before_reset=1, lengths=RAGGED, activations=["HardSigmoid", "Softsign"] * 2, **ALPHAS),
    layer("GRU", "reverse", activations=["Sigmoid", "Relu"]),
    layer("GRU", "forward", activations=["Tanh", "ScaledTanh"], activation_alpha=[0.5], activation_beta=[0.7]),
    *[layer("LSTM", direction, peephole=True, state=True) for direction in DIRECTIONS],
    layer("LSTM", "forward", peephole=True, lengths=RAGGED),
    layer("LSTM", "forward", input_forget=1),
    layer("LSTM", "reverse", activations=["Sigmoid", "Relu", "Tanh"]),
    layer("LSTM", "bidirectional", activations=["Sigmoid", "Tanh", "Relu", "Tanh", "Sigmoid", "Tanh"], state=True),
    layer("LSTM", "forward", activations=["HardSigmoid", "Affine", "LeakyRelu"], **ALPHAS),
    layer("LSTM", "forward", activations=["Elu", "ThresholdedRelu", "Softsign"], activation_alpha=[0.6, 0.2]),
    layer("RNN", "bidirectional", activations=["Relu", "Softplus"], lengths=RAGGED),
    layer("RNN", "forward", activations=["Sigmoid"]),
]

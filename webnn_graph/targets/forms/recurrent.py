"""Recurrent calls: step by step, steps by matrix products and activations, gates in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.recurrent import passes
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.quirk import Rewrite

Step: TypeAlias = Callable[[LegalBuilder, Call, Operand], list[Operand]]
"""A cell's new states, given its call and the product of its input and weight."""


def unrolled(cell: str, step: Step | None = None) -> Rewrite:
    """A sequence as a cell per step; with ``step`` the inputs of all steps are multiplied at once, and each step is made by it."""
    states = [name for name in ("hiddenState", "cellState") if name in OPS[cell].parameters]

    def rewrite(b: LegalBuilder, call: Call) -> list[Operand]:
        x: Operand = call.input
        steps, batch, _ = x.shape
        shared = {name: value for name, value in call.arguments.items() if not isinstance(value, Operand) and name in OPS[cell].parameters}
        stacked = {name: value for name, value in call.arguments.items() if isinstance(value, Operand) and name in OPS[cell].parameters}
        del stacked["input"]
        zeros = b.constant(np.zeros((batch, call.hiddenSize)), x.data_type)
        last: list[list[Operand]] = [[] for _ in states]
        sequences = []
        for d, order in passes(call.direction, steps):
            fixed = {name: _row(b, operand, d) for name, operand in stacked.items()}
            initial = [call.arguments.get(f"initial{name[0].upper()}{name[1:]}") for name in states]
            now = [zeros if operand is None else _row(b, operand, d) for operand in initial]
            products = _products(b, x, fixed["weight"]) if step else None
            hidden = {}
            for t in order:
                arguments = {"input": _row(b, x, t), **fixed, **dict(zip(states, now, strict=True)), **shared}
                if step is None or products is None:
                    made = b.call(cell, **arguments)
                    now = made if isinstance(made, list) else [made]
                else:
                    now = step(b, Call(cell, arguments, (zeros,)), _row(b, products, t))
                hidden[t] = now[0]
            for finals, state in zip(last, now, strict=True):
                finals.append(state)
            whole = b.concat([hidden[t] for t in range(steps)], 0)
            sequences.append(b.reshape(whole, [steps, 1, batch, call.hiddenSize]))
        results = [b.reshape(b.concat(finals, 0), [len(finals), batch, call.hiddenSize]) for finals in last]
        return [*results, b.concat(sequences, 1)] if call.returnSequence else results

    return rewrite


def _products(b: LegalBuilder, x: Operand, weight: Operand) -> Operand:
    """The input of every step times the weight: [steps, batch, gates * hidden size]."""
    steps, batch, size = x.shape
    product = b.gemm(b.reshape(x, [steps * batch, size]), weight, bTranspose=True)
    return b.reshape(product, [steps, batch, weight.shape[0]])


def lstm_cell(b: LegalBuilder, call: Call) -> list[Operand]:
    """By matrix products and activations."""
    return lstm_step(b, call, b.gemm(call.input, call.weight, bTranspose=True))


def lstm_step(b: LegalBuilder, call: Call, product: Operand) -> list[Operand]:
    """An LSTM cell, given the product of its input and weight."""
    gate, candidate, squash = (partial(b.call, name) for name in call.activations)
    total = b.add(product, b.gemm(call.hiddenState, call.recurrentWeight, bTranspose=True))
    for bias in (call.bias, call.recurrentBias):
        total = _plus(b, total, bias)
    parts = dict(zip(call.layout, b.split(total, 4, axis=1), strict=True))
    if call.peepholeWeight is not None:
        for name, weight in zip("iof", b.split(call.peepholeWeight, 3), strict=True):
            parts[name] = b.add(parts[name], b.mul(weight, call.cellState))
    cell = b.add(b.mul(gate(parts["f"]), call.cellState), b.mul(gate(parts["i"]), candidate(parts["g"])))
    return [b.mul(gate(parts["o"]), squash(cell)), cell]


def gru_cell(b: LegalBuilder, call: Call) -> Operand:
    """By matrix products and activations."""
    (state,) = gru_step(b, call, b.gemm(call.input, call.weight, bTranspose=True))
    return state


def gru_step(b: LegalBuilder, call: Call, product: Operand) -> list[Operand]:
    """A GRU cell, given the product of its input and weight."""
    gate, candidate = (partial(b.call, name) for name in call.activations)
    state: Operand = call.hiddenState

    def gates(stacked: Operand | None, axis: int) -> Iterator[Any]:
        parts = dict(zip(call.layout, b.split(stacked, 3, axis=axis), strict=True)) if stacked is not None else {}
        return (parts.get(name) for name in "zrn")

    wz, wr, wn = gates(_plus(b, product, call.bias), 1)
    if call.resetAfter:
        rz, rr, rn = gates(_plus(b, b.gemm(state, call.recurrentWeight, bTranspose=True), call.recurrentBias), 1)
        new = candidate(b.add(wn, b.mul(gate(b.add(wr, rr)), rn)))
    else:
        z, r, n = gates(call.recurrentWeight, 0)
        bz, br, bn = gates(call.recurrentBias, 0)
        rz = _plus(b, b.gemm(state, z, bTranspose=True), bz)
        reset = gate(b.add(wr, _plus(b, b.gemm(state, r, bTranspose=True), br)))
        new = candidate(b.add(wn, _plus(b, b.gemm(b.mul(reset, state), n, bTranspose=True), bn)))
    update = gate(b.add(wz, rz))
    return [b.add(b.mul(update, state), b.mul(b.sub(1, update), new))]


def _plus(b: LegalBuilder, x: Operand, bias: Operand | None) -> Operand:
    return x if bias is None else b.add(x, bias)


def _row(b: LegalBuilder, x: Operand, i: int) -> Operand:
    """x[i]"""
    rest = list(x.shape[1:])
    return b.reshape(b.slice(x, [i, *(0 for _ in rest)], [1, *rest]), rest)


def standard_gates(b: LegalBuilder, call: Call) -> Any:
    """lstm or lstmCell with gates in the order iofg."""

    def ordered(name: str) -> Operand | None:
        stacked = call.arguments.get(name)
        if stacked is None:
            return None
        axis = 1 if call.op == "lstm" else 0
        i, f, g, o = b.split(stacked, 4, axis=axis)
        return b.concat([i, o, f, g], axis)

    changed = {name: ordered(name) for name in ("weight", "recurrentWeight", "bias", "recurrentBias")}
    return b.call(call.op, **call.but(layout=None, **changed))


def packed_bytes(call: Call) -> int:
    """Bytes of the weights of a recurrent call when each step keeps its own."""
    weights: tuple[Descriptor, ...] = (call.weight, call.recurrentWeight)
    return int(call.steps * sum(weight.nbytes for weight in weights))


BY_PRODUCTS = {"lstm": unrolled("lstmCell", lstm_step), "gru": unrolled("gruCell", gru_step)}
"""Sequences by matrix products and activations, with one product for the inputs of all steps."""

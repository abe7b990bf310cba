"""Quantized tensors: weights that are dequantized by hand, limits that quantizing sets anyway."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View

STORED = (DataType.INT8, DataType.UINT8, DataType.INT4, DataType.UINT4)


def weights(view: View, node: Node) -> Build | None:
    """cast(w) * scale of constants, w of at most 8 bits: dequantizeLinear; also (cast(w) - zero point) * scale."""
    for operand, scale in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        sub = view.producer(operand, "sub")
        zero = view.value(sub.arguments["b"]) if sub else np.zeros((), np.float32)
        cast = view.producer(sub.arguments["a"] if sub else operand, "cast")
        if cast is None or zero is None or view.value(scale) is None or operand.shape != node.output.shape:
            continue
        stored: Operand = cast.arguments["input"]
        if view.value(stored) is None or stored.data_type not in STORED or cast.output.shape != operand.shape:
            continue
        shape = [1] * (stored.rank - scale.rank) + list(scale.shape)
        smallest, largest = stored.data_type.range
        if zero.ndim > scale.rank and zero.size > 1:
            continue
        if (zero != np.rint(zero)).any() or (zero < smallest).any() or (zero > largest).any():
            continue
        if zero.size > 1 and ([1] * (stored.rank - zero.ndim) + list(zero.shape)) != shape:
            continue

        def build(b: GraphBuilder, new: Mapped, scale: Operand = scale, stored: Operand = stored, shape: list[int] = shape) -> Operand:
            zeros = np.broadcast_to(zero.reshape(shape if zero.size > 1 else ()), shape).astype(stored.data_type.numpy)  # noqa: B023
            point = b.constant(zeros, stored.data_type)
            return b.dequantizeLinear(new(stored), b.reshape(new(scale), shape), point)

        return build
    return None


def limits(view: View, node: Node) -> Build | None:
    """quantizeLinear of what was cut off where the quantized type ends anyway: of what it was before."""
    limited = view.producer(node.arguments["input"], "relu", "clamp")
    scale, zero = view.value(node.arguments["scale"]), view.value(node.arguments["zeroPoint"])
    if limited is None or scale is None or zero is None or not (scale > 0).all():
        return None
    low = 0.0 if limited.op == "relu" else limited.arguments.get("minValue")
    high = None if limited.op == "relu" else limited.arguments.get("maxValue")
    smallest, largest = node.output.data_type.range
    kind = scale.dtype.type

    def step(limit: float) -> np.ndarray:
        return np.asarray(np.rint(kind(limit) / scale).astype(np.float64) + zero)

    if low is not None and not math.isinf(low) and (step(low) > smallest).any():
        return None
    if high is not None and not math.isinf(high) and (step(high) < largest).any():
        return None
    return lambda b, new: b.quantizeLinear(new(limited.arguments["input"]), new(node.arguments["scale"]), new(node.arguments["zeroPoint"]))


def rows(view: View, node: Node) -> Build | None:
    """gather of dequantized constants: dequantizeLinear of the slices that are gathered, which are fewer."""
    table, indices, axis = (node.arguments.get(name, 0) for name in ("input", "indices", "axis"))
    made = view.producer(table, "dequantizeLinear")
    if made is None or node.output.size >= table.size or not view.only_user(table):
        return None
    stored, scale = made.arguments["input"], made.arguments["scale"]
    is_whole = scale.shape[axis] in (1, stored.shape[axis])
    if stored.data_type.bits != 8 or not is_whole or any(view.value(operand) is None for operand in made.operands):
        return None

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        def gathered(operand: Operand) -> Operand:
            if operand.shape[axis] > 1:
                return b.gather(new(operand), new(indices), axis=axis)
            return b.reshape(new(operand), operand.shape[:axis] + (1,) * indices.rank + operand.shape[axis + 1 :])

        return b.dequantizeLinear(*map(gathered, made.operands))

    return build


RULES: dict[str, list[Rule]] = {"mul": [weights], "quantizeLinear": [limits], "gather": [rows]}

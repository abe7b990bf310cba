"""Quantization. ONNX has one scale for a tensor, for each slice of an axis, or for each block of one; others are arithmetic."""

from __future__ import annotations

from typing import Any

from onnx import TensorProto

from webnn_graph.graph import Descriptor, Shape
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import DATA_TYPES, DOUBLE, INT64, TYPES, Value

QUANTIZED = (TensorProto.INT8, TensorProto.UINT8, TensorProto.INT4, TensorProto.UINT4)
"""What QuantizeLinear makes; DequantizeLinear takes int32, too."""


def _granularity(shape: Shape, parameters: Shape) -> tuple[Shape, dict[str, Any]] | None:
    """The shape that ONNX wants scales of this shape to have, for a tensor of that, and its attributes; None when it cannot say it."""
    varying = [axis for axis, size in enumerate(parameters) if size != 1]
    if not varying:
        return (), {}
    if len(varying) == 1 and parameters[varying[0]] == shape[varying[0]]:
        return (parameters[varying[0]],), {"axis": varying[0]}
    blocked = [axis for axis, (size, whole) in enumerate(zip(parameters, shape, strict=True)) if size != whole]
    if len(blocked) == 1:
        (axis,) = blocked
        return parameters, {"axis": axis, "block_size": shape[axis] // parameters[axis]}
    return None


def _spread(m: ModelBuilder, parameter: Value, shape: Shape) -> Value:
    """Scales or zero points, each repeated over its block."""
    for axis, (size, whole) in enumerate(zip(parameter.shape, shape, strict=True)):
        if size not in (1, whole):
            before, after = parameter.shape[:axis], parameter.shape[axis + 1 :]
            repeated = (*before, size, whole // size, *after)
            column = m.reshape(parameter, (*before, size, 1, *after))
            parameter = m.reshape(m.node("Expand", column, m.constant(repeated), shape=repeated), (*before, whole, *after))
    return parameter


@translates("dequantizeLinear")
def dequantize_linear(m: ModelBuilder, input: Value, scale: Value, zeroPoint: Value, /, *, result: Descriptor) -> Value:
    granularity = _granularity(input.shape, scale.shape)
    known = m.known(zeroPoint)
    is_plain = input.type in QUANTIZED or (input.type == TensorProto.INT32 and known is not None and not known.any())
    if granularity is None or not is_plain:
        centred = m.node("Sub", m.cast(input, INT64), _spread(m, m.cast(zeroPoint, INT64), input.shape))
        return m.node("Mul", m.cast(centred, scale.type), _spread(m, scale, input.shape))
    shape, attributes = granularity
    zero = m.reshape(zeroPoint, shape) if input.type in QUANTIZED else None
    return m.node("DequantizeLinear", input, m.reshape(scale, shape), zero, shape=result.shape, type=scale.type, **attributes)


@translates("quantizeLinear")
def quantize_linear(m: ModelBuilder, input: Value, scale: Value, zeroPoint: Value, /, *, result: Descriptor) -> Value:
    granularity = _granularity(input.shape, scale.shape)
    wanted = TYPES[result.data_type]
    if granularity is None or wanted not in QUANTIZED:
        steps = m.cast(m.node("Round", m.node("Div", input, _spread(m, scale, input.shape))), DOUBLE)
        moved = m.node("Add", steps, _spread(m, m.cast(zeroPoint, DOUBLE), input.shape))
        low, high = DATA_TYPES[wanted].range
        inside = m.node("Clip", moved, m.constant(low, DOUBLE), m.constant(high, DOUBLE))
        return m.cast(m.cast(inside, INT64), wanted)
    shape, attributes = granularity
    return m.node("QuantizeLinear", input, m.reshape(scale, shape), m.reshape(zeroPoint, shape), shape=result.shape, **attributes)

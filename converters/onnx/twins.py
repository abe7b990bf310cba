"""An ONNX model in other arithmetic: that of its conversion, or more exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

from converters.onnx.reading.load import tensor_values
from converters.onnx.reading.retype import IN_FLOAT32, IN_FLOAT64, IN_WEBNN, retyped
from webnn_graph.data_types import Array

MICROSOFT = "com.microsoft"


def as_converted(model: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """The model in the arithmetic of its conversion, and what that is; the model itself and nothing where that is its own.

    A conversion computes bfloat16 and float64 in float32, and neither input nor state of a DynamicQuantizeLSTM is quantized.
    """
    plain = dequantized(model)
    known = retyped(plain or model, IN_WEBNN)
    hows = ["in float32"] * (known is not None) + ["with dequantized LSTM weights"] * (plain is not None)
    return known or plain or model, ", ".join(hows)


def exact_twins(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.ModelProto]]:
    """The model with less rounding, and in what it is computed then."""
    for how, types in (("in float32", IN_FLOAT32), ("in float64", IN_FLOAT64)):
        wider = retyped(model, types)
        if wider:
            yield how, wider


def dequantized(model: onnx.ModelProto) -> onnx.ModelProto | None:
    """A copy of the model in which each DynamicQuantizeLSTM is an LSTM on the values that its weights stand for.

    ONNX Runtime rounds input and state to 8 bits in each step. None when the model has no such node.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in copy.graph.initializer}
    found = False
    for node in copy.graph.node:
        if (node.domain, node.op_type) != (MICROSOFT, "DynamicQuantizeLSTM") or not all(name in weights for name in _quantized(node)):
            continue
        W, R, *parameters = (tensor_values(weights[name], None)[0] for name in _quantized(node))
        prefix = next(filter(None, node.output))
        for i, (quantized, scale, zero) in enumerate(((W, *parameters[:2]), (R, *parameters[2:])), start=1):
            name = f"{prefix}/dequantized_{i}"
            copy.graph.initializer.append(numpy_helper.from_array(_gates_first(quantized, scale, zero), name))
            node.input[i] = name
        del node.input[8:]
        node.op_type, node.domain, found = "LSTM", "", True
    if not found:
        return None
    if not any(opset.domain in ("", "ai.onnx") for opset in copy.opset_import):
        copy.opset_import.append(helper.make_opsetid("", 17))
    return copy


def _quantized(node: onnx.NodeProto) -> list[str]:
    return [node.input[i] for i in (1, 2, 8, 9, 10, 11)]


def _gates_first(weights: Array, scale: Array, zero: Array) -> Array:
    """Weights [directions, inputs, gates] as the floating point [directions, gates, inputs] of LSTM."""
    shape = (weights.shape[0], 1, -1)
    values = (weights.astype(np.float32) - zero.astype(np.float32).reshape(shape)) * scale.reshape(shape)
    return np.ascontiguousarray(values.transpose(0, 2, 1).astype(np.float32))

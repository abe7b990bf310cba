"""Quantization: equal forms of calls that a target refuses or computes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call


def quantized_signed(b: LegalBuilder, call: Call) -> Operand:
    """quantizeLinear to uint32: to int32 that is not negative."""
    b.note("quantizeLinear computes uint32 as int32; values beyond that saturate")
    signed = b.quantizeLinear(call.input, call.scale, b.cast(call.zeroPoint, DataType.INT32))
    return b.cast(b.max(signed, 0), DataType.UINT32)


def quantized_in_steps(b: LegalBuilder, call: Call) -> Operand:
    """quantizeLinear: the quotient, rounded, moved by the zero point and kept inside of its type."""
    zero: Operand = call.zeroPoint
    smallest, largest = zero.data_type.range
    steps = b.add(b.roundEven(b.div(call.input, call.scale)), b.cast(zero, call.input.data_type))
    return b.cast(b.clamp(steps, minValue=smallest, maxValue=largest), zero.data_type)


def cast_by_dequantizing(b: LegalBuilder, call: Call) -> Operand:
    """cast from int4: dequantized with a scale of 1, exactly."""
    x: Operand = call.input
    one = [1] * x.rank
    scale = b.constant(np.ones(one, np.float32))
    real = b.dequantizeLinear(x, scale, b.constant(np.zeros(one, np.int8), DataType.INT4))
    return b.cast(real, call.dataType)


def dequantized(b: LegalBuilder, operand: Operand, permutation: list[int]) -> Operand:
    """A dequantized operand, with its axes in another order from before it is dequantized."""
    node = b.producer(operand)
    assert node is not None
    turned: dict[str, Any] = {name: _turned(b, x, permutation) for name, x in node.arguments.items()}
    return b.dequantizeLinear(**turned)


def _turned(b: LegalBuilder, operand: Operand, permutation: list[int]) -> Operand:
    """An operand with its axes in another order; of 4 bits, which no call turns, if it is known."""
    known = b.value(operand) if operand.data_type.bits == 4 else None
    return b.transpose(operand, permutation=permutation) if known is None else b.constant(known.transpose(permutation), operand.data_type)


def depthwise_filter_turned_before(b: LegalBuilder, call: Call) -> Operand:
    """conv2d with a filter in the layout of a depthwise kernel before it is dequantized."""
    outputs, inputs, height, width = FILTER_AXES[call.filterLayout]
    return b.conv2d(**call.but(filter=dequantized(b, call.filter, [inputs, height, width, outputs]), filterLayout="ihwo"))

"""Quantization: what a target that fuses it with its neighbours gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webnn_graph.graph import Operand
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.ops.rules import broadcasts_to
from webnn_graph.ops.windows import nchw_shape
from webnn_graph.targets.call import Call
from webnn_graph.targets.rewrites import Rewrite, quantize_wide

if TYPE_CHECKING:
    from webnn_graph.targets.legalize import LegalBuilder


def quantize(b: LegalBuilder, call: Call) -> Operand | None:
    """Constant scales per axis step by step, as a reshape of what was quantized per axis fails to build; else as `quantize_wide`."""
    zero: Operand = call.zeroPoint
    if zero.data_type.bits == 8 and zero.size > 1 and b.is_known(call.scale) and broadcasts_to(zero.shape, call.input.shape):
        smallest, largest = zero.data_type.range
        steps = b.add(b.roundEven(b.div(call.input, call.scale)), b.cast(zero, call.input.data_type))
        return b.cast(b.clamp(steps, minValue=smallest, maxValue=largest), zero.data_type)  # type: ignore[no-any-return]
    return quantize_wide(b, call)


def depthwise(b: LegalBuilder, call: Call) -> Operand | None:
    """A filter that is dequantized per channel stands in the layout of a depthwise kernel before it is dequantized."""
    before = b.producer(call.filter)
    channels = nchw_shape(call.input.shape, call.inputLayout)[1]
    if call.groups != channels or call.filterLayout in ("ihwo", "hwio") or before is None or before.op != "dequantizeLinear":
        return None
    if before.arguments["scale"].size == 1:
        return None
    outputs, inputs, height, width = FILTER_AXES[call.filterLayout]
    turned: dict[str, Any] = {
        name: b.transpose(operand, permutation=[inputs, height, width, outputs]) for name, operand in before.arguments.items()
    }
    return b.call("conv2d", **call.but(filter=b.dequantizeLinear(**turned), filterLayout="ihwo"))  # type: ignore[no-any-return]


REWRITES: dict[str, Rewrite] = {
    "conv2d": depthwise,
    "quantizeLinear": quantize,
}

"""Affine steps after a convolution, moved into its filter and bias.

The new filter has the old one's size, so the weights do not grow; filters behind dequantizeLinear are no constants and stay.
"""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand
from webnn_graph.ops.convolution import FILTER_AXES, TRANSPOSE_FILTER_AXES
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View, again

CONVOLUTIONS = ("conv2d", "convTranspose2d")


def batch_normalization(view: View, node: Node) -> Build | None:
    """batchNormalization of a convolution, all constants: scaled filter, new bias."""
    conv = _convolution(view, node.arguments["input"])
    if conv is None or not _is_channel_axis(conv, node.output, node.arguments.get("axis", 1)):
        return None
    parameters = [node.arguments.get(name) for name in ("mean", "variance", "scale", "bias")]
    mean, variance, scale, bias = (None if p is None else view.value(p) for p in parameters)
    if mean is None or variance is None or any(p is not None and view.value(p) is None for p in parameters):
        return None
    factor = 1 / np.sqrt(variance.astype(np.float64) + node.arguments.get("epsilon", 1e-5)) * (1 if scale is None else scale)
    offset = (0 if bias is None else bias) - mean * factor
    return _affine(view, node, conv, factor, np.broadcast_to(offset, factor.shape))


def multiplication(view: View, node: Node) -> Build | None:
    """A convolution times a constant per channel."""
    conv, factor = _with_constant_per_channel(view, node)
    return None if conv is None or factor is None else _affine(view, node, conv, factor, np.zeros_like(factor))


def addition(view: View, node: Node) -> Build | None:
    """A convolution plus a constant per channel."""
    conv, offset = _with_constant_per_channel(view, node)
    return None if conv is None or offset is None else _affine(view, node, conv, np.ones_like(offset), offset)


def negation(view: View, node: Node) -> Build | None:
    """The negative of a convolution."""
    conv = _convolution(view, node.arguments["input"])
    if conv is None:
        return None
    channels = conv.output.shape[_channel_axis(conv)]
    return _affine(view, node, conv, np.full(channels, -1.0), np.zeros(channels))


def padding(view: View, node: Node) -> Build | None:
    """conv2d of an input padded with zeros: its own padding."""
    pad = view.producer(node.arguments["input"], "pad")
    if pad is None or pad.arguments.get("mode", "constant") != "constant" or pad.arguments.get("value", 0) != 0:
        return None
    before, after = pad.arguments["beginningPadding"], pad.arguments["endingPadding"]
    height, width = (2, 3) if node.arguments.get("inputLayout", "nchw") == "nchw" else (1, 2)
    if any(before[axis] or after[axis] for axis in range(4) if axis not in (height, width)):
        return None
    own = node.arguments.get("padding", [0, 0, 0, 0])
    extra = [before[height], after[height], before[width], after[width]]
    return lambda b, new: again(b, new, node, input=new(pad.arguments["input"]), padding=[p + e for p, e in zip(own, extra, strict=True)])


def _convolution(view: View, operand: Operand) -> Node | None:
    """The convolution with constant filter and bias that makes the operand, maybe by way of a reshape, and is read by nothing else."""
    if not view.only_user(operand):
        return None
    reshape = view.producer(operand, "reshape")
    if reshape is not None:
        return _convolution(view, reshape.arguments["input"])
    conv = view.producer(operand, *CONVOLUTIONS)
    if conv is None or view.value(conv.arguments["filter"]) is None:
        return None
    bias = conv.arguments.get("bias")
    return conv if bias is None or view.value(bias) is not None else None


def _channel_axis(conv: Node) -> int:
    return 1 if conv.arguments.get("inputLayout", "nchw") == "nchw" else 3


def _is_channel_axis(conv: Node, operand: Operand, axis: int) -> bool:
    """Whether the axis of a convolution's result, which may have been reshaped, is that of the channels."""
    own, shape = _channel_axis(conv), conv.output.shape
    return shape[own] == operand.shape[axis] and math.prod(shape[:own]) == math.prod(operand.shape[:axis])


def _with_constant_per_channel(view: View, node: Node) -> tuple[Node | None, Array | None]:
    for operand, constant in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        conv, value = _convolution(view, operand), view.value(constant)
        if conv is None or value is None or node.output.shape != operand.shape:
            continue
        varying = [axis for axis, n in enumerate((1,) * (operand.rank - value.ndim) + value.shape) if n != 1]
        if not varying or (len(varying) == 1 and _is_channel_axis(conv, operand, varying[0])):
            return conv, np.broadcast_to(value.ravel(), (conv.output.shape[_channel_axis(conv)],)).astype(np.float64)
    return None, None


def _affine(view: View, node: Node, conv: Node, factor: Array, offset: Array) -> Build | None:
    """The result of ``node``: the convolution times ``factor`` plus ``offset``, both per output channel in float64."""
    filter: Operand = conv.arguments["filter"]
    values, old_bias = view.value(filter), conv.arguments.get("bias")
    assert values is not None
    bias = offset if old_bias is None else offset + view.value(old_bias) * factor
    if not (np.isfinite(factor).all() and np.isfinite(bias).all()):
        return None
    dtype = filter.data_type.numpy

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        scaled = new(filter) if (factor == 1).all() else b.constant(_scaled(values, conv, factor).astype(dtype), name=filter.name)
        changes = {"filter": scaled, "bias": b.constant(bias.astype(dtype))} if bias.any() or old_bias is not None else {"filter": scaled}
        return b.reshape(again(b, new, conv, **changes), list(node.output.shape))

    return build


def _scaled(values: Array, conv: Node, factor: Array) -> Array:
    """The filter with each output channel multiplied by its factor."""
    layout = conv.arguments.get("filterLayout", "oihw" if conv.op == "conv2d" else "iohw")
    if conv.op == "conv2d":
        shape = [1] * 4
        shape[FILTER_AXES[layout][0]] = -1
        return values * factor.reshape(shape)
    groups = conv.arguments.get("groups", 1)
    axes = TRANSPOSE_FILTER_AXES[layout]
    ordered = values.transpose(axes)  # i o h w, where each group of inputs has its own o outputs
    parts = ordered.reshape(groups, -1, *ordered.shape[1:]) * factor.reshape(groups, 1, -1, 1, 1)
    return np.asarray(parts.reshape(ordered.shape).transpose(np.argsort(axes)))


RULES: dict[str, list[Rule]] = {
    "batchNormalization": [batch_normalization],
    "mul": [multiplication],
    "add": [addition],
    "neg": [negation],
    "conv2d": [padding],
}

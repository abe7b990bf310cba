"""Affine steps after a convolution, moved into its filter and bias.

The new filter has the old one's size, so the weights do not grow; filters behind dequantizeLinear are no constants and stay.
"""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand
from webnn_graph.ops.convolution import FILTER_AXES, TRANSPOSE_FILTER_AXES
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View

CONVOLUTIONS = ("conv2d", "convTranspose2d")


def batch_normalization(view: View, node: Node) -> Build | None:
    """batchNormalization of a convolution, all constants: scaled filter, new bias."""
    conv = _convolution(view, node.arguments["input"])
    if conv is None or node.arguments.get("axis", 1) != _channel_axis(conv):
        return None
    parameters = [node.arguments.get(name) for name in ("mean", "variance", "scale", "bias")]
    mean, variance, scale, bias = (None if p is None else view.value(p) for p in parameters)
    if mean is None or variance is None or any(p is not None and view.value(p) is None for p in parameters):
        return None
    factor = 1 / np.sqrt(variance.astype(np.float64) + node.arguments.get("epsilon", 1e-5)) * (1 if scale is None else scale)
    offset = (0 if bias is None else bias) - mean * factor
    return _affine(view, conv, factor, np.broadcast_to(offset, factor.shape))


def multiplication(view: View, node: Node) -> Build | None:
    """A convolution times a constant per channel."""
    conv, factor = _with_constant_per_channel(view, node)
    return None if conv is None or factor is None else _affine(view, conv, factor, np.zeros_like(factor))


def addition(view: View, node: Node) -> Build | None:
    """A convolution plus a constant per channel."""
    conv, offset = _with_constant_per_channel(view, node)
    return None if conv is None or offset is None else _affine(view, conv, np.ones_like(offset), offset)


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
    return lambda b, new: _again(b, new, node, input=new(pad.arguments["input"]), padding=[p + e for p, e in zip(own, extra, strict=True)])


def _convolution(view: View, operand: Operand) -> Node | None:
    """The convolution with constant filter and bias that makes the operand and is read by nothing else."""
    conv = view.producer(operand, *CONVOLUTIONS)
    if conv is None or not view.only_user(operand) or view.value(conv.arguments["filter"]) is None:
        return None
    bias = conv.arguments.get("bias")
    return conv if bias is None or view.value(bias) is not None else None


def _channel_axis(conv: Node) -> int:
    return 1 if conv.arguments.get("inputLayout", "nchw") == "nchw" else 3


def _with_constant_per_channel(view: View, node: Node) -> tuple[Node | None, Array | None]:
    for operand, constant in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        conv, value = _convolution(view, operand), view.value(constant)
        if conv is None or value is None or node.output.shape != operand.shape:
            continue
        axis = _channel_axis(conv)
        channels = operand.shape[axis]
        aligned = (1,) * (4 - value.ndim) + value.shape
        if all(n == 1 for i, n in enumerate(aligned) if i != axis):
            return conv, np.broadcast_to(value.reshape(aligned[axis]), (channels,)).astype(np.float64)
    return None, None


def _affine(view: View, conv: Node, factor: Array, offset: Array) -> Build | None:
    """The convolution times ``factor`` plus ``offset``, both per output channel in float64."""
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
        return _again(b, new, conv, **changes)

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


def _again(b: GraphBuilder, new: Mapped, conv: Node, **changes: object) -> Operand:
    """The same convolution with some arguments changed."""
    arguments = {
        name: new(value) if isinstance(value, Operand) and name not in changes else value for name, value in conv.arguments.items()
    }
    arguments |= changes
    result: Operand = b.call(conv.op, arguments.pop("input"), arguments.pop("filter"), **arguments)
    return result


RULES: dict[str, list[Rule]] = {
    "batchNormalization": [batch_normalization],
    "mul": [multiplication],
    "add": [addition],
    "conv2d": [padding],
}

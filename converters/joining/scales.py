"""Affine steps before a convolution, moved into its filter and bias.

The new filter has the old one's size, so the weights do not grow; filters behind dequantizeLinear are no constants and stay. Padding puts
zeros around what the convolution reads: a factor leaves them zero, a summand does not.
"""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType, shortest
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.passes import composition
from webnn_graph.passes.rewrite import Build, Pass, Rule, View, again


def folded(graph: Graph, rounding: bool = False) -> Graph:
    """The graph with such steps in filters; those of one number that are left are one.

    Args:
        graph: The graph.
        rounding: Whether its weights are going to be rounded. Summands stay then: what rounding does to a filter counts less where a
            picture's values lie around 0.
    """
    rules: list[Rule] = [order, factor] if rounding else [order, factor, summand]
    filters = Pass("filters", ({"conv2d": rules}, composition.RULES))
    return _NUMBERS.apply(filters.apply(graph))


def factor(view: View, node: Node) -> Build | None:
    """conv2d of a product with a constant per channel: another filter."""
    found = _step(view, node, "mul")
    if found is None:
        return None
    x, values, by_channel = found
    return lambda b, new: again(b, new, node, input=new(x), filter=_constant(b, node, values * by_channel))


def summand(view: View, node: Node) -> Build | None:
    """conv2d without padding of a difference from a constant per channel: another bias."""
    found, bias = _step(view, node, "sub"), node.arguments.get("bias")
    if found is None or any(node.arguments.get("padding", [0])) or (bias is not None and view.value(bias) is None):
        return None
    x, values, by_channel = found
    taken = (values * by_channel).transpose(FILTER_AXES[node.arguments.get("filterLayout", "oihw")]).sum((1, 2, 3))
    old = view.value(bias) if bias is not None else None
    made = (0 if old is None else old.astype(np.float64)) - taken
    return lambda b, new: again(b, new, node, input=new(x), bias=b.constant(made.astype(np.float32)))


def order(view: View, node: Node) -> Build | None:
    """conv2d of channels in reverse order: a filter with these reversed."""
    reverse, values = view.producer(node.arguments["input"], "reverse"), _filter(view, node)
    if reverse is None or values is None or not view.only_user(reverse.output) or reverse.arguments.get("axes") != [_channel_axis(node)]:
        return None
    turned = np.flip(values, FILTER_AXES[node.arguments.get("filterLayout", "oihw")][1])
    return lambda b, new: again(b, new, node, input=new(reverse.arguments["input"]), filter=_constant(b, node, turned))


def numbers(view: View, node: Node) -> Build | None:
    """(x - c) * d with numbers: linear."""
    sub, d = view.producer(node.arguments["a"], "sub"), view.scalar(node.arguments["b"])
    c = view.scalar(sub.arguments["b"]) if sub else None
    if sub is None or c is None or d is None or not view.only_user(sub.output) or node.output.shape != sub.arguments["a"].shape:
        return None
    return lambda b, new: b.linear(new(sub.arguments["a"]), alpha=d, beta=shortest(-c * d))


def _step(view: View, node: Node, op: str) -> tuple[Operand, Array, Array] | None:
    """What a convolution's input is of another operand and a constant per channel: that operand, the filter, the constant for it."""
    step, values = view.producer(node.arguments["input"], op), _filter(view, node)
    if step is None or values is None or not view.only_user(step.output):
        return None
    x, constant = step.arguments["a"], view.value(step.arguments["b"])
    if constant is None or x.shape != step.output.shape:
        return None
    axis = _channel_axis(node)
    shape = (1,) * (4 - constant.ndim) + constant.shape
    if any(size != 1 for i, size in enumerate(shape) if i != axis):
        return None
    by_channel = [1] * 4
    by_channel[FILTER_AXES[node.arguments.get("filterLayout", "oihw")][1]] = -1
    return x, values, constant.astype(np.float64).reshape(by_channel)


def _filter(view: View, node: Node) -> Array | None:
    """A convolution's filter where another one may take its place."""
    operand: Operand = node.arguments["filter"]
    is_own = view.only_user(operand) and operand.data_type is DataType.FLOAT32 and node.arguments.get("groups", 1) == 1
    values = view.value(operand) if is_own else None
    return None if values is None else values.astype(np.float64)


def _channel_axis(node: Node) -> int:
    return 1 if node.arguments.get("inputLayout", "nchw") == "nchw" else 3


def _constant(b: GraphBuilder, node: Node, values: Array) -> Operand:
    return b.constant(values.astype(np.float32), name=node.arguments["filter"].name)


_NUMBERS = Pass("numbers", ({"mul": [numbers]},))

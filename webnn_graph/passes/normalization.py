"""Normalizations that exporters spell out, and affine steps that follow or precede an operator that has them as options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, shortest
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View, again


def layer_normalization(view: View, node: Node) -> Build | None:
    """(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon): layerNormalization without scale and bias."""
    centred, variance = _divided_by_deviation(view, node)
    if centred is None or variance is None:
        return None
    epsilon, mean_square = _plus_epsilon(view, variance)
    reduce = mean_square and view.producer(mean_square, "reduceMean")
    if not reduce or _squared(view, reduce.arguments["input"]) is not centred:
        return None
    sub = view.producer(centred, "sub")
    mean = sub and view.producer(sub.arguments["b"], "reduceMean")
    if not sub or not mean or mean.arguments["input"] is not sub.arguments["a"]:
        return None
    x, axes = sub.arguments["a"], _axes(mean)
    if axes != _axes(reduce) or not _keeps(mean) or not _keeps(reduce) or x.shape != node.output.shape:
        return None
    return lambda b, new: b.layerNormalization(new(x), axes=axes, epsilon=epsilon)


def scale(view: View, node: Node) -> Build | None:
    """layerNormalization(x) * constant: its scale."""
    return _absorbed(view, node, "scale", allowed=())


def bias(view: View, node: Node) -> Build | None:
    """layerNormalization(x, scale) + constant: its bias."""
    return _absorbed(view, node, "bias", allowed=("scale",))


def instance_normalization(view: View, node: Node) -> Build | None:
    """layerNormalization of each image, times a scale and plus a bias per channel, computed or not: instanceNormalization."""
    for operand, bias in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        product = view.producer(operand, "mul")
        if product is None or not view.only_user(operand):
            continue
        for normal, scale in ((product.arguments["a"], product.arguments["b"]), (product.arguments["b"], product.arguments["a"])):
            norm = view.producer(normal, "layerNormalization")
            if norm is None or not view.only_user(normal) or {"scale", "bias"}.intersection(norm.arguments):
                continue
            x: Operand = norm.arguments["input"]
            if x.rank != 4 or norm.arguments.get("axes", [1, 2, 3]) != [2, 3] or node.output.shape != x.shape:
                continue
            channels = x.shape[1]
            if any(_aligned(o, 4) != (1, channels, 1, 1) for o in (scale, bias)):
                continue
            return lambda b, new, x=x, scale=scale, bias=bias, norm=norm: b.instanceNormalization(  # type: ignore[misc]
                new(x),
                scale=b.reshape(new(scale), [x.shape[1]]),
                bias=b.reshape(new(bias), [x.shape[1]]),
                epsilon=norm.arguments.get("epsilon", 1e-5),
            )
    return None


def batch_scale(view: View, node: Node) -> Build | None:
    """batchNormalization times a constant per channel: in its scale and bias."""
    return _channelwise(view, node, lambda scale, bias, constant: (scale * constant, bias * constant))


def batch_bias(view: View, node: Node) -> Build | None:
    """batchNormalization plus a constant per channel: in its bias."""
    return _channelwise(view, node, lambda scale, bias, constant: (scale, bias + constant))


def _channelwise(view: View, node: Node, change: Callable[[Array, Array, Array], tuple[Array, Array]]) -> Build | None:
    for operand, constant in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        norm, value = view.producer(operand, "batchNormalization"), view.value(constant)
        if norm is None or value is None or not view.only_user(operand) or node.output.shape != operand.shape:
            continue
        axis = norm.arguments.get("axis", 1)
        channels, aligned = operand.shape[axis], _aligned(constant, operand.rank)
        scale, bias = (
            np.full(channels, default) if norm.arguments.get(name) is None else view.value(norm.arguments[name])
            for name, default in (("scale", 1.0), ("bias", 0.0))
        )
        if scale is None or bias is None or any(n != 1 for i, n in enumerate(aligned) if i != axis):
            continue
        changed = change(scale.astype(np.float64), bias.astype(np.float64), value.reshape(-1).astype(np.float64))
        new_scale, new_bias = (array.astype(operand.data_type.numpy) for array in changed)
        return lambda b, new, norm=norm, s=new_scale, c=new_bias: again(b, new, norm, scale=b.constant(s), bias=b.constant(c))  # type: ignore[misc]
    return None


def _aligned(operand: Operand, rank: int) -> tuple[int, ...]:
    """The operand's shape as it broadcasts to a rank."""
    return (1,) * (rank - operand.rank) + operand.shape


def _absorbed(view: View, node: Node, option: str, allowed: tuple[str, ...]) -> Build | None:
    for operand, factor in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        norm = view.producer(operand, "layerNormalization")
        if norm is None or view.value(factor) is None or not view.only_user(operand):
            continue
        if not {"scale", "bias"}.intersection(norm.arguments) <= set(allowed):
            continue
        x: Operand = norm.arguments["input"]
        axes = norm.arguments.get("axes", list(range(1, x.rank)))
        shape = [x.shape[axis] for axis in axes]
        aligned = (1,) * (x.rank - factor.rank) + factor.shape
        spread = [n if axis in axes else 1 for axis, n in enumerate(x.shape)]
        if list(aligned) != spread or sorted(axes) != axes or node.output.shape != x.shape:
            continue

        def build(b: GraphBuilder, new: Mapped, norm: Node = norm, factor: Operand = factor, shape: list[int] = shape) -> Operand:
            options: dict[str, Any] = {
                name: new(value) if isinstance(value, Operand) else value for name, value in norm.arguments.items() if name != "input"
            }
            return b.layerNormalization(new(norm.arguments["input"]), **(options | {option: b.reshape(new(factor), shape)}))

        return build
    return None


def plain(view: View, node: Node) -> Build | None:
    """A normalization with a scale of ones or a bias of zeros: one without it."""
    idle = {"scale": 1, "bias": 0}
    kept = {n: value for n, value in node.arguments.items() if n not in idle or view.filled(value) != idle[n]}
    if len(kept) == len(node.arguments):
        return None
    return lambda b, new: b.repeat(Node(node.op, kept, node.outputs, node.label), new)


def _divided_by_deviation(view: View, node: Node) -> tuple[Operand | None, Operand | None]:
    """d and v when the node computes d / sqrt(v), d * reciprocal(sqrt(v)), d * (1 / sqrt(v)) or d * v^-0.5."""
    a, b = node.arguments["a"], node.arguments["b"]
    if node.op == "div":
        root = view.producer(b, "sqrt")
        return (a, root.arguments["input"]) if root else (None, None)
    for d, factor in ((a, b), (b, a)):
        inverse = view.producer(factor, "reciprocal", "div", "pow")
        if inverse is None:
            continue
        if inverse.op == "pow":
            if view.scalar(inverse.arguments["b"]) == -0.5:
                return d, inverse.arguments["a"]
            continue
        if inverse.op == "div" and view.scalar(inverse.arguments["a"]) != 1:
            continue
        root = view.producer(inverse.arguments["input" if inverse.op == "reciprocal" else "b"], "sqrt")
        if root is not None:
            return d, root.arguments["input"]
    return None, None


def _plus_epsilon(view: View, operand: Operand) -> tuple[float, Operand | None]:
    add = view.producer(operand, "add")
    if add is None:
        return 0.0, None
    for value, epsilon in ((add.arguments["a"], add.arguments["b"]), (add.arguments["b"], add.arguments["a"])):
        constant = view.scalar(epsilon)
        if constant is not None:
            return shortest(constant), value
    return 0.0, None


def _squared(view: View, operand: Operand) -> Operand | None:
    """x when the operand is x^2 or x * x."""
    node = view.producer(operand, "pow", "mul")
    if node is None:
        return None
    a, b = node.arguments["a"], node.arguments["b"]
    return a if (view.scalar(b) == 2 if node.op == "pow" else a is b) else None


def _axes(reduce: Node) -> list[int]:
    axes: list[int] = reduce.arguments.get("axes", list(range(reduce.arguments["input"].rank)))
    return sorted(axes)


def _keeps(reduce: Node) -> bool:
    return bool(reduce.arguments.get("keepDimensions", False))


RULES: dict[str, list[Rule]] = {
    **{op: [plain] for op in ("batchNormalization", "instanceNormalization", "layerNormalization")},
    "div": [layer_normalization],
    "mul": [layer_normalization, scale, batch_scale],
    "add": [bias, batch_bias, instance_normalization],
}

"""Optimizer steps of the preview training domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

DOMAIN = "ai.onnx.preview.training"


def _by_tensor(inputs: tuple[Operand, ...], kinds: int) -> Iterator[tuple[Operand, ...]]:
    """The inputs of each optimized tensor; the operators list all of one kind (values, gradients, ...) together."""
    count = len(inputs) // kinds
    return zip(*(inputs[i * count : (i + 1) * count] for i in range(kinds)), strict=True)


def _by_kind(results: Sequence[tuple[Operand, ...]]) -> tuple[Operand, ...]:
    return tuple(operand for kind in zip(*results, strict=True) for operand in kind)


def _regularized(b: GraphBuilder, gradient: Operand, x: Operand, norm_coefficient: float) -> Operand:
    return b.add(b.mul(x, norm_coefficient), gradient) if norm_coefficient else gradient


@onnx_op("Momentum", domain=DOMAIN, how="mul, add, sub; standard and Nesterov")
def momentum(
    b: GraphBuilder, R: Operand, T: Operand, *inputs: Operand, alpha: float, beta: float, mode: str, norm_coefficient: float
) -> tuple[Operand, ...]:
    results = []
    for x, gradient, velocity in _by_tensor(inputs, 3):
        g = _regularized(b, gradient, x, norm_coefficient)
        dampening = b.where(b.greater(T, 0), b.constant(beta, x.data_type), b.constant(1.0, x.data_type))
        moved = b.add(b.mul(velocity, alpha), b.mul(g, dampening))
        step = b.add(g, b.mul(moved, alpha)) if mode == "nesterov" else moved
        results.append((b.sub(x, b.mul(step, R)), moved))
    return _by_kind(results)


@onnx_op("Adagrad", domain=DOMAIN, how="mul, add, sqrt, div, sub")
def adagrad(
    b: GraphBuilder,
    R: Operand,
    T: Operand,
    *inputs: Operand,
    decay_factor: float = 0.0,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
) -> tuple[Operand, ...]:
    rate = b.div(R, b.add(b.mul(b.cast(T, R.data_type), decay_factor), 1))
    results = []
    for x, gradient, squares in _by_tensor(inputs, 3):
        g = _regularized(b, gradient, x, norm_coefficient)
        total = b.add(squares, b.mul(g, g))
        results.append((b.sub(x, b.div(b.mul(g, rate), b.add(b.sqrt(total), epsilon))), total))
    return _by_kind(results)


@onnx_op("Adam", domain=DOMAIN, how="mul, add, pow, sqrt, div, sub")
def adam(
    b: GraphBuilder,
    R: Operand,
    T: Operand,
    *inputs: Operand,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> tuple[Operand, ...]:
    step = b.cast(T, R.data_type)

    def rest(decay: float) -> Operand:
        return b.sub(1, b.pow(b.constant(decay, R.data_type), step))

    rate = b.where(b.greater(step, 0), b.mul(R, b.div(b.sqrt(rest(beta)), rest(alpha))), R)
    results = []
    for x, gradient, mean, squares in _by_tensor(inputs, 4):
        g = _regularized(b, gradient, x, norm_coefficient)
        new_mean = b.add(b.mul(mean, alpha), b.mul(g, 1 - alpha))
        new_squares = b.add(b.mul(squares, beta), b.mul(b.mul(g, g), 1 - beta))
        updated = b.sub(x, b.div(b.mul(new_mean, rate), b.add(b.sqrt(new_squares), epsilon)))
        results.append((b.mul(updated, 1 - norm_coefficient_post) if norm_coefficient_post else updated, new_mean, new_squares))
    return _by_kind(results)

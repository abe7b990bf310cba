"""Tensors made from no tensor, and from the shape of one."""

from __future__ import annotations

from typing import Any

import torch

from converters.torch.registry import aten, aten_op
from converters.torch.tensors import data_type, to_array
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def element(b: GraphBuilder, value: Any, result: torch.Tensor) -> Operand:
    """A number or an operand in the type of ``result``; of a truth value whether it is not 0."""
    wanted, is_truth = data_type(result.dtype), result.dtype is torch.bool
    if isinstance(value, Operand):
        return b.notEqual(value, 0) if is_truth else b.cast(value, wanted)
    return b.constant(bool(value) if is_truth else value, wanted)


def filled(b: GraphBuilder, value: Any, result: torch.Tensor) -> Operand:
    """A tensor like ``result`` in which every element is ``value``; it stays one number until it is written."""
    return b.expand(element(b, value, result), list(result.shape))


@aten_op(aten.full.default, aten.full_like.default, aten.new_full.default, how="composed")
def full(b: GraphBuilder, like: Any, *rest: Any, dtype: Any, result: torch.Tensor) -> Operand:
    return filled(b, rest[-1], result)


@aten_op(
    aten.empty.memory_format,
    aten.empty_like.default,
    aten.empty_permuted.default,
    aten.empty_strided.default,
    aten.new_empty.default,
    aten.new_empty_strided.default,
    aten.new_zeros.default,
    aten.zeros.default,
    aten.zeros_like.default,
    how="Zeros; also where PyTorch leaves the contents open",
)
def zeros(b: GraphBuilder, *shape: Any, dtype: Any, result: torch.Tensor) -> Operand:
    return filled(b, 0, result)


@aten_op(aten.ones.default, aten.ones_like.default, aten.new_ones.default, how="composed")
def ones(b: GraphBuilder, *shape: Any, dtype: Any, result: torch.Tensor) -> Operand:
    return filled(b, 1, result)


@aten_op(aten.fill.Scalar, aten.fill.Tensor, how="expand, cast")
def fill(b: GraphBuilder, input: Operand, value: Any, *, result: torch.Tensor) -> Operand:
    return filled(b, value, result)


@aten_op(aten.scalar_tensor.default, how="composed")
def scalar_tensor(b: GraphBuilder, value: float, *, dtype: Any, result: torch.Tensor) -> Operand:
    return filled(b, value, result)


def _computed(overload: torch._ops.OpOverload) -> Any:
    """A handler for an overload that takes no tensor: PyTorch computes it, and it becomes a constant."""

    def constant(b: GraphBuilder, *args: Any, dtype: Any = None, result: torch.Tensor) -> Operand:
        given = {"dtype": dtype} if dtype is not None else {}
        return b.constant(to_array(overload(*args, **given)), data_type(result.dtype))

    return constant


for overload in (
    aten.arange.default,
    aten.arange.start,
    aten.arange.start_step,
    aten.bartlett_window.default,
    aten.blackman_window.default,
    aten.eye.default,
    aten.eye.m,
    aten.hamming_window.default,
    aten.hann_window.default,
    aten.hann_window.periodic,
    aten.kaiser_window.default,
    aten.linspace.default,
    aten.logspace.default,
    aten.tril_indices.default,
    aten.triu_indices.default,
):
    aten_op(overload, how="composed")(_computed(overload))

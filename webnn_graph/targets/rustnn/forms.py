"""Equal forms of calls that rustnn computes wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.resampling import interpolation, sample_positions
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.forms.images import CHANNELS


# -------------------------------------------------------------------------------------------------------- scales and biases
def c_added(b: LegalBuilder, call: Call) -> Operand:
    """gemm: c is added afterwards."""
    product = b.gemm(**call.but(c=None, beta=None))
    return b.add(product, b.linear(call.c, alpha=call.beta) if call.beta != 1 else call.c)


def batch_normalization(b: LegalBuilder, call: Call) -> Operand:
    """batchNormalization number by number."""
    deviation = b.sqrt(b.linear(call.variance, beta=call.epsilon))
    factor = b.reciprocal(deviation) if call.scale is None else b.div(call.scale, deviation)
    x = b.sub(call.input, _along(b, call.mean, [call.axis], call.input.rank))
    return _affine(b, x, [call.axis], factor, call.bias)


def instance_normalization(b: LegalBuilder, call: Call) -> Operand:
    """Scale and bias are applied afterwards."""
    plain = b.instanceNormalization(**call.but(scale=None, bias=None))
    return _affine(b, plain, [CHANNELS[call.layout]], call.scale, call.bias)


def layer_normalization(b: LegalBuilder, call: Call) -> Operand:
    """Scale and bias are applied afterwards. Without axes every element is its own mean."""
    x: Operand = call.input
    axes = list(range(1, x.rank)) if call.axes is None else list(call.axes)
    plain = b.layerNormalization(**call.but(axes=axes, scale=None, bias=None)) if axes else b.sub(x, x)
    return _affine(b, plain, axes, call.scale, call.bias)


def _affine(b: LegalBuilder, x: Operand, axes: Sequence[int], scale: Operand | None, bias: Operand | None) -> Operand:
    for op, parameter in (("mul", scale), ("add", bias)):
        if parameter is not None:
            x = b.call(op, x, _along(b, parameter, axes, x.rank))
    return x


def _along(b: LegalBuilder, parameter: Operand, axes: Sequence[int], rank: int) -> Operand:
    """``parameter``, whose dimensions belong to ``axes`` in that order, shaped to broadcast over ``rank`` dimensions."""
    shape = [1] * rank
    for axis, size in zip(axes, parameter.shape, strict=True):
        shape[axis] = size
    return b.reshape(b.transpose(parameter, permutation=np.argsort(axes).tolist()), shape)


# --------------------------------------------------------------------------------------------------------------- recurrent
def gru_cell(b: LegalBuilder, call: Call) -> Operand:
    """With both biases, which stand by position in files then, and gates in the order zrn."""
    none = b.constant(np.zeros(3 * call.hiddenSize), call.input.data_type)
    stacked = {name: call.arguments.get(name, none) for name in ("weight", "recurrentWeight", "bias", "recurrentBias")}
    if call.layout == "rzn":
        for name, operand in stacked.items():
            r, z, n = b.split(operand, 3)
            stacked[name] = b.concat([z, r, n], 0)
    return b.gruCell(**call.but(layout=None, **stacked))


# ------------------------------------------------------------------------------------------------------------------ others
def plus_negative(b: LegalBuilder, call: Call) -> Operand:
    """sub: the negative is added."""
    return b.add(call.a, b.neg(call.b))


def slices(b: LegalBuilder, call: Call) -> list[Operand]:
    """split: a slice per part."""
    parts, start = [], 0
    for part in call.results:
        starts = [start if axis == call.axis else 0 for axis in range(part.rank)]
        parts.append(b.slice(call.input, starts, list(part.shape)))
        start += part.shape[call.axis]
    return parts


def resampled_at_the_end(b: LegalBuilder, call: Call) -> Operand:
    """resample2d: with the axes moved to the end."""
    order = [axis for axis in range(4) if axis not in call.axes] + list(call.axes)
    moved = b.resample2d(**call.but(input=b.transpose(call.input, permutation=order), axes=[2, 3]))
    return b.transpose(moved, permutation=np.argsort(order).tolist())


def resampled_by_products(b: LegalBuilder, call: Call) -> Operand:
    """resample2d, linear: as matrix products."""
    x: Operand = b.cast(call.input, DataType.FLOAT32)
    for axis in call.axes:
        old, new = call.input.shape[axis], call.result.shape[axis]
        x = _times(b, x, axis, interpolation(sample_positions(old, new), old))
    return b.cast(x if call.input.data_type.is_float else b.roundEven(x), call.input.data_type)


def _times(b: LegalBuilder, x: Operand, axis: int, matrix: Array) -> Operand:
    """``x`` multiplied along an axis by ``matrix`` [old size, new size]."""
    last = [i for i in range(x.rank) if i != axis] + [axis]
    product = b.matmul(b.transpose(x, permutation=last), b.constant(matrix, x.data_type))
    return b.transpose(product, permutation=[last.index(i) for i in range(x.rank)])

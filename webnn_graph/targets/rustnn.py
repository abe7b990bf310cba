"""Calls that rustnn computes wrong whatever their types, as other calls that mean the same.

rustnn 0.5 knows operand options by number only; a name in their place makes it forget every option of the call. So no call
keeps one, but for the biases that files hold by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.resampling import interpolation, sample_positions
from webnn_graph.targets import recurrent, rewrites, windows
from webnn_graph.targets.call import Call
from webnn_graph.targets.rewrites import Rewrite

if TYPE_CHECKING:
    from webnn_graph.targets.legalize import LegalBuilder


# -------------------------------------------------------------------------------------------------------- scales and biases
def gemm(b: LegalBuilder, call: Call) -> Operand | None:
    """c is added afterwards."""
    if call.c is None:
        return None
    product = b.call("gemm", **call.but(c=None, beta=None))
    return b.add(product, b.linear(call.c, alpha=call.beta) if call.beta != 1 else call.c)  # type: ignore[no-any-return]


def batch_normalization(b: LegalBuilder, call: Call) -> Operand:
    """Number by number: rustnn looks for the channels along axis 1 only."""
    deviation = b.sqrt(b.linear(call.variance, beta=call.epsilon))
    factor = b.reciprocal(deviation) if call.scale is None else b.div(call.scale, deviation)
    x = b.sub(call.input, _along(b, call.mean, [call.axis], call.input.rank))
    return _affine(b, x, [call.axis], factor, call.bias)


def instance_normalization(b: LegalBuilder, call: Call) -> Operand | None:
    """Scale and bias are applied afterwards."""
    if call.scale is None and call.bias is None:
        return None
    return _affine(b, b.call(call.op, **call.but(scale=None, bias=None)), [windows.CHANNELS[call.layout]], call.scale, call.bias)


def layer_normalization(b: LegalBuilder, call: Call) -> Operand | None:
    """Scale and bias are applied afterwards. Without axes every element is its own mean."""
    x: Operand = call.input
    axes = list(range(1, x.rank)) if call.axes is None else list(call.axes)
    if axes and call.axes is not None and call.scale is None and call.bias is None:
        return None
    plain = b.call(call.op, **call.but(axes=axes, scale=None, bias=None)) if axes else b.sub(x, x)
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
    return b.reshape(b.transpose(parameter, permutation=np.argsort(axes).tolist()), shape)  # type: ignore[no-any-return]


# --------------------------------------------------------------------------------------------------------------- recurrent
def gru_cell(b: LegalBuilder, call: Call) -> Operand | None:
    """With both biases, which stand by position in files then, and gates in the order zrn."""
    if call.layout == "zrn" and call.bias is not None and call.recurrentBias is not None:
        return None
    none = b.constant(np.zeros(3 * call.hiddenSize), call.input.data_type)
    stacked = {name: call.arguments.get(name, none) for name in ("weight", "recurrentWeight", "bias", "recurrentBias")}
    if call.layout == "rzn":
        for name, operand in stacked.items():
            r, z, n = b.split(operand, 3)
            stacked[name] = b.concat([z, r, n], 0)
    return b.call("gruCell", **call.but(layout=None, **stacked))  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------------------------ others
def subtract(b: LegalBuilder, call: Call) -> Operand | None:
    """Integers, which rustnn subtracts as float32: by adding the negative."""
    return b.add(call.a, b.neg(call.b)) if call.a.data_type in (DataType.INT32, DataType.INT64) else None


def split(b: LegalBuilder, call: Call) -> list[Operand]:
    """A slice per part: rustnn takes parts for float32 of unknown shape."""
    parts, start = [], 0
    for part in call.results:
        starts = [start if axis == call.axis else 0 for axis in range(part.rank)]
        parts.append(b.slice(call.input, starts, list(part.shape)))
        start += part.shape[call.axis]
    return parts


def divide(b: LegalBuilder, call: Call) -> None:
    """Stays as it is: rustnn divides integers as float32, and there is no other division."""
    if not call.a.data_type.is_float and call.a.data_type.bits > 8:
        b.note("div computes integers as float32; those beyond 2^24 differ")


def triangular(b: LegalBuilder, call: Call) -> Operand | None:
    """Integers, which rustnn takes for float32: by selection."""
    x: Operand = call.input
    if x.data_type.is_float:
        return None
    kept = np.ones(x.shape[-2:], np.uint8)
    kept = np.triu(kept, call.diagonal) if call.arguments.get("upper", True) else np.tril(kept, call.diagonal)
    return b.where(b.constant(kept), x, b.constant(np.zeros(()), x.data_type))  # type: ignore[no-any-return]


def resample(b: LegalBuilder, call: Call) -> Operand | None:
    """Linear along axis 0, where ONNX Runtime does not resample: with the axes moved to the end.

    Linear to sizes that rustnn's scales, sizes divided and rounded to float32, fall short of: as matrix products.
    """
    ends = [(axis, call.input.shape[axis], call.result.shape[axis]) for axis in call.axes]
    if call.mode == "linear" and any(int(old * float(np.float32(new / old))) < new for _, old, new in ends):
        x: Operand = b.cast(call.input, DataType.FLOAT32)
        for axis, old, new in ends:
            x = _times(b, x, axis, interpolation(sample_positions(old, new), old))
        return b.cast(x if call.input.data_type.is_float else b.roundEven(x), call.input.data_type)  # type: ignore[no-any-return]
    if call.mode != "linear" or 0 not in call.axes:
        return _resample(b, call)  # type: ignore[no-any-return]
    order = [axis for axis in range(4) if axis not in call.axes] + list(call.axes)
    moved = b.call(call.op, **call.but(input=b.transpose(call.input, permutation=order), axes=[2, 3]))
    return b.transpose(moved, permutation=np.argsort(order).tolist())  # type: ignore[no-any-return]


def _times(b: LegalBuilder, x: Operand, axis: int, matrix: Array) -> Operand:
    """``x`` multiplied along an axis by ``matrix`` [old size, new size]."""
    last = [i for i in range(x.rank) if i != axis] + [axis]
    product = b.matmul(b.transpose(x, permutation=last), b.constant(matrix, x.data_type))
    return b.transpose(product, permutation=[last.index(i) for i in range(x.rank)])  # type: ignore[no-any-return]


_resample = windows.resampling(lambda old, new: np.floor(np.arange(new) * (old / new)))
"""rustnn takes the pixel at or before the corner of the new one."""


def average_pool(b: LegalBuilder, call: Call) -> Operand | None:
    """With dilations, which rustnn forgets: as a combination of slices."""
    return windows.pool(b, call) if max(call.dilations) > 1 else None


def conv_transpose(b: LegalBuilder, call: Call) -> Operand | None:
    """Of a size of one's own: rustnn computes its own size."""
    return windows.conv_transpose(b, call) if call.outputSizes is not None else None


REWRITES: dict[str, Rewrite] = {
    "averagePool2d": average_pool,
    "batchNormalization": batch_normalization,
    "clamp": rewrites.clamp,
    "convTranspose2d": conv_transpose,
    "div": divide,
    "gemm": gemm,
    "gru": recurrent.unrolled("gruCell"),
    "gruCell": gru_cell,
    "instanceNormalization": instance_normalization,
    "layerNormalization": layer_normalization,
    "lstm": recurrent.unrolled("lstmCell"),
    "lstmCell": recurrent.lstm_cell,
    "pad": rewrites.pad_value,
    "quantizeLinear": rewrites.quantize_wide,
    "resample2d": resample,
    "split": split,
    "softplus": rewrites.softplus,
    "sub": subtract,
    "triangular": triangular,
}

"""Complex tensors as pairs of real ones, and Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from converters.lowering import fourier
from converters.lowering.pieces import stack, unstack
from converters.lowering.transcendental import atan2
from converters.torch.registry import COMPLEX_HANDLERS, HANDLERS, Complex, aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def as_complex(b: GraphBuilder, value: Any) -> Complex:
    """An operand or a number with a zero imaginary part; complex ones as they are."""
    if isinstance(value, Complex):
        return value
    if isinstance(value, Operand):
        return Complex(value, b.mul(value, 0))
    number = complex(value)
    return Complex(b.constant(number.real, "float32"), b.constant(number.imag, "float32"))


def parts_last(b: GraphBuilder, x: Complex) -> Operand:
    """[..., 2]: real and imaginary parts along a new last axis."""
    return stack(b, [x.real, x.imag], x.real.rank)


def from_parts(b: GraphBuilder, parts: Operand) -> Complex:
    """The inverse of `parts_last`."""
    return Complex(*unstack(b, parts, parts.rank - 1))


# ------------------------------------------------------------------------------------------------------------- part by part
def _on_each_part(overload: torch._ops.OpOverload) -> Callable[..., Any]:
    """A handler that does to the real and to the imaginary part what the overload does to a real tensor."""

    def each(b: GraphBuilder, *args: Any, result: Any, fakes: Any, **kwargs: Any) -> Any:
        plain = HANDLERS[overload]

        def on(part: str) -> Any:
            chosen = pytree.tree_map(lambda value: getattr(as_complex(b, value), part) if isinstance(value, Complex) else value, args)
            return plain.call(b, overload, chosen, kwargs, result=result, fakes=fakes)

        real, imag = on("real"), on("imag")
        if isinstance(real, Operand):
            return Complex(real, imag)
        return [Complex(*pair) for pair in zip(real, imag, strict=True)]

    return each


for overload in (
    aten.alias.default,
    aten.as_strided.default,
    aten.cat.default,
    aten.clone.default,
    aten.constant_pad_nd.default,
    aten.detach.default,
    aten.expand.default,
    aten.flip.default,
    aten.index.Tensor,
    aten.index_select.default,
    aten.permute.default,
    aten.repeat.default,
    aten.roll.default,
    aten.select.int,
    aten.slice.Tensor,
    aten.split.Tensor,
    aten.split_with_sizes.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.stack.default,
    aten.t.default,
    aten.transpose.int,
    aten.unbind.int,
    aten.unfold.default,
    aten.unsqueeze.default,
    aten.view.default,
    aten._unsafe_view.default,
):
    aten_op(overload, table=COMPLEX_HANDLERS, how="On the real and on the imaginary part")(_on_each_part(overload))


# ----------------------------------------------------------------------------------------------------------------- conversion
@aten_op(aten.view_as_real.default, table=COMPLEX_HANDLERS, how="composed")
def view_as_real(b: GraphBuilder, input: Complex) -> Operand:
    return parts_last(b, input)


@aten_op(aten.view_as_complex.default, table=COMPLEX_HANDLERS, how="composed")
def view_as_complex(b: GraphBuilder, input: Operand) -> Complex:
    return from_parts(b, input)


@aten_op(aten.complex.default, table=COMPLEX_HANDLERS, how="expand")
def from_real_and_imaginary(b: GraphBuilder, real: Operand, imag: Operand, *, result: torch.Tensor) -> Complex:
    shape = list(result.shape)
    return Complex(b.expand(real, shape), b.expand(imag, shape))


@aten_op(aten.polar.default, table=COMPLEX_HANDLERS, how="mul, cos, sin")
def polar(b: GraphBuilder, abs: Operand, angle: Operand) -> Complex:
    return Complex(b.mul(abs, b.cos(angle)), b.mul(abs, b.sin(angle)))


@aten_op(aten._to_copy.default, table=COMPLEX_HANDLERS, how="composed")
def to_complex(b: GraphBuilder, input: Any, *, dtype: torch.dtype | None) -> Any:
    if dtype is not None and not dtype.is_complex:
        return as_complex(b, input).real
    return as_complex(b, b.cast(input, "float32") if isinstance(input, Operand) else input)


@aten_op(aten.real.default, table=COMPLEX_HANDLERS, how="composed")
def real(b: GraphBuilder, input: Complex) -> Operand:
    return input.real


@aten_op(aten.imag.default, table=COMPLEX_HANDLERS, how="composed")
def imag(b: GraphBuilder, input: Complex) -> Operand:
    return input.imag


@aten_op(aten._conj.default, aten._conj_physical.default, aten.conj_physical.default, table=COMPLEX_HANDLERS, how="neg")
def conj(b: GraphBuilder, input: Complex) -> Complex:
    return Complex(input.real, b.neg(input.imag))


@aten_op(aten.resolve_conj.default, aten.resolve_neg.default, table=COMPLEX_HANDLERS, how="composed")
def resolved(b: GraphBuilder, input: Any) -> Any:
    return input


# ----------------------------------------------------------------------------------------------------------------- arithmetic
@aten_op(aten.add.Tensor, table=COMPLEX_HANDLERS, how="composed")
def add(b: GraphBuilder, input: Any, other: Any, *, alpha: float) -> Complex:
    x, y = as_complex(b, input), as_complex(b, other)
    scaled = y if alpha == 1 else Complex(b.mul(y.real, alpha), b.mul(y.imag, alpha))
    return Complex(b.add(x.real, scaled.real), b.add(x.imag, scaled.imag))


@aten_op(aten.sub.Tensor, table=COMPLEX_HANDLERS, how="composed")
def sub(b: GraphBuilder, input: Any, other: Any, *, alpha: float) -> Complex:
    return add(b, input, other, alpha=-alpha)


@aten_op(aten.neg.default, table=COMPLEX_HANDLERS, how="neg")
def neg(b: GraphBuilder, input: Complex) -> Complex:
    return Complex(b.neg(input.real), b.neg(input.imag))


@aten_op(aten.mul.Tensor, aten.mul.Scalar, table=COMPLEX_HANDLERS, how="Products of the parts")
def mul(b: GraphBuilder, input: Any, other: Any) -> Complex:
    x, y = (input, other) if isinstance(input, Complex) else (as_complex(b, other), input)
    if not isinstance(y, Complex | complex):
        return Complex(b.mul(x.real, y), b.mul(x.imag, y))
    y = as_complex(b, y)
    return Complex(b.sub(b.mul(x.real, y.real), b.mul(x.imag, y.imag)), b.add(b.mul(x.real, y.imag), b.mul(x.imag, y.real)))


@aten_op(aten.div.Tensor, aten.div.Scalar, table=COMPLEX_HANDLERS, how="composed")
def div(b: GraphBuilder, input: Any, other: Any) -> Complex:
    x = as_complex(b, input)
    if not isinstance(other, Complex | complex):
        return Complex(b.div(x.real, other), b.div(x.imag, other))
    y = as_complex(b, other)
    product = mul(b, x, conj(b, y))
    size = b.add(b.mul(y.real, y.real), b.mul(y.imag, y.imag))
    return Complex(b.div(product.real, size), b.div(product.imag, size))


@aten_op(aten.exp.default, table=COMPLEX_HANDLERS, how="composed")
def exp(b: GraphBuilder, input: Complex) -> Complex:
    return polar(b, b.exp(input.real), input.imag)


@aten_op(aten.abs.default, table=COMPLEX_HANDLERS, how="sqrt of the sum of squares")
def absolute(b: GraphBuilder, input: Complex) -> Operand:
    return b.sqrt(b.add(b.mul(input.real, input.real), b.mul(input.imag, input.imag)))


@aten_op(aten.angle.default, table=COMPLEX_HANDLERS, how="The arctangent of the parts' ratio, by quadrant")
def angle(b: GraphBuilder, input: Complex) -> Operand:
    return atan2(b, input.imag, input.real)


@aten_op(aten.angle.default, how="pi for negative numbers, otherwise 0")
def angle_of_real(b: GraphBuilder, input: Operand) -> Operand:
    x = input if input.data_type.is_float else b.cast(input, "float32")
    return b.mul(b.cast(b.lesser(x, 0), x.data_type), math.pi)


# ---------------------------------------------------------------------------------------------------------- Fourier transforms
def _scaled(b: GraphBuilder, x: Operand, count: int, normalization: int, inverse: bool) -> Operand:
    """PyTorch's scaling: none, 1 / sqrt(n) or 1 / n; the inverse matrices already divide by n."""
    factor = (1.0, 1 / math.sqrt(count), 1 / count)[normalization] * (count if inverse else 1)
    return x if factor == 1 else b.mul(x, factor)


@aten_op(aten._fft_c2c.default, table=COMPLEX_HANDLERS, how="A matrix product per axis")
def fft_c2c(b: GraphBuilder, input: Complex, dim: Sequence[int], normalization: int, forward: bool) -> Complex:
    shape = input.real.shape
    x = parts_last(b, input)
    for axis in dim:
        x = fourier.dft(b, x, axis % len(shape), shape[axis], inverse=not forward)
    count = math.prod(shape[axis] for axis in dim)
    return from_parts(b, _scaled(b, x, count, normalization, not forward))


@aten_op(aten._fft_r2c.default, table=COMPLEX_HANDLERS, how="A matrix product per axis")
def fft_r2c(b: GraphBuilder, input: Operand, dim: Sequence[int], normalization: int, onesided: bool) -> Complex:
    *others, last = (axis % input.rank for axis in dim)
    x = fourier.dft(b, b.reshape(input, [*input.shape, 1]), last, input.shape[last], onesided=onesided)
    for axis in others:
        x = fourier.dft(b, x, axis, input.shape[axis])
    return from_parts(b, _scaled(b, x, math.prod(input.shape[axis] for axis in (*others, last)), normalization, False))


@aten_op(aten._fft_c2r.default, table=COMPLEX_HANDLERS, how="A matrix product per axis")
def fft_c2r(b: GraphBuilder, input: Complex, dim: Sequence[int], normalization: int, last_dim_size: int) -> Operand:
    shape = input.real.shape
    *others, last = (axis % len(shape) for axis in dim)
    x = parts_last(b, input)
    for axis in others:
        x = fourier.dft(b, x, axis, shape[axis], inverse=True)
    x = fourier.dft(b, x, last, last_dim_size, inverse=True, onesided=True)
    count = last_dim_size * math.prod(shape[axis] for axis in others)
    scaled = _scaled(b, x, count, normalization, True)
    return b.reshape(scaled, list(scaled.shape[:-1]))

"""Linear systems, inverses, determinants and factors of matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from converters.lowering import linear_systems
from converters.lowering.linear_systems import Factors, diagonal, first_missing, lu, parity
from converters.lowering.matrix import matmul
from converters.lowering.slicing import sliced
from converters.torch.registry import aten, aten_op, library_op, unavailable
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand

LIMITS = f"up to order {linear_systems.MAX_ORDER}"
INNER = unavailable("what PyTorch keeps of the factors for the backward pass")


@aten_op(aten.linalg_inv_ex.default, how="Gauss-Jordan elimination with row pivots, unrolled", limits=LIMITS)
def inv(b: GraphBuilder, A: Operand, *, check_errors: bool) -> Any:
    return linear_systems.inverse(b, A), _lu_info(b, A)


@aten_op(aten._linalg_solve_ex.default, how="Gauss-Jordan elimination with row pivots, unrolled", limits=LIMITS)
def solve(b: GraphBuilder, A: Operand, B: Operand, *, left: bool, check_errors: bool, result: Any) -> Any:
    is_vector = B.rank == 1 or B.shape == A.shape[:-1]
    right = b.reshape(B, [*B.shape, 1]) if is_vector else B
    x = linear_systems.solve(b, A, right) if left else _turned(b, linear_systems.solve(b, _turned(b, A), _turned(b, right)))
    return b.reshape(x, list(result[0].shape)), INNER, INNER, _lu_info(b, A)


@aten_op(aten.linalg_solve_triangular.default, how="substitution, unrolled", limits=LIMITS)
def solve_triangular(b: GraphBuilder, self: Operand, B: Operand, *, upper: bool, left: bool, unitriangular: bool) -> Operand:
    if left:
        return linear_systems.triangular_solve(b, self, B, upper=upper, unit=unitriangular)
    return _turned(b, linear_systems.triangular_solve(b, _turned(b, self), _turned(b, B), upper=not upper, unit=unitriangular))


@aten_op(aten.triangular_solve.default, how="substitution, unrolled", limits=LIMITS)
def triangular_solve(b: GraphBuilder, self: Operand, A: Operand, upper: bool, transpose: bool, unitriangular: bool) -> Any:
    triangle = _turned(b, A) if transpose else A
    x = linear_systems.triangular_solve(b, triangle, self, upper=upper != transpose, unit=unitriangular)
    return x, b.expand(A, [*x.shape[:-2], *A.shape[-2:]])


@aten_op(aten.linalg_cholesky_ex.default, how="Cholesky's decomposition, unrolled by columns", limits=LIMITS)
def cholesky_ex(b: GraphBuilder, self: Operand, *, upper: bool, check_errors: bool) -> Any:
    triangle = cholesky(b, self, upper)
    return triangle, lambda: first_missing(b, b.greater(diagonal(b, triangle), 0))


@library_op("aten::cholesky", how="Cholesky's decomposition, unrolled by columns", limits=LIMITS)
def cholesky(b: GraphBuilder, self: Operand, upper: bool) -> Operand:
    return _turned(b, linear_systems.cholesky(b, _turned(b, self))) if upper else linear_systems.cholesky(b, self)


@aten_op(aten.cholesky_solve.default, aten._cholesky_solve_helper.default, how="two substitutions, unrolled", limits=LIMITS)
def cholesky_solve(b: GraphBuilder, self: Operand, input2: Operand, upper: bool) -> Operand:
    lower, higher = (_turned(b, input2), input2) if upper else (input2, _turned(b, input2))
    return linear_systems.triangular_solve(b, higher, linear_systems.triangular_solve(b, lower, self, upper=False), upper=True)


@aten_op(aten.cholesky_inverse.default, how="two substitutions, unrolled", limits=LIMITS)
def cholesky_inverse(b: GraphBuilder, self: Operand, upper: bool) -> Operand:
    return cholesky_solve(b, b.constant(np.eye(self.shape[-1]), self.data_type), self, upper)


@aten_op(aten._linalg_det.default, how="Gaussian elimination with row pivots, unrolled", limits=LIMITS)
def det(b: GraphBuilder, A: Operand) -> Any:
    return linear_systems.determinant(b, A), INNER, INNER


@aten_op(aten._linalg_slogdet.default, how="Gaussian elimination with row pivots, unrolled; logarithms of the pivots", limits=LIMITS)
def slogdet(b: GraphBuilder, A: Operand) -> Any:
    factors = lu(b, A)
    numbers = diagonal(b, factors.packed)
    axes = [numbers.rank - 1]
    sign = b.mul(parity(b, factors), b.reduceProduct(b.sign(numbers), axes=axes))
    logarithm = b.reduceSum(b.log(b.abs(numbers)), axes=axes)
    return sign, logarithm, INNER, INNER


@aten_op(aten.linalg_lu_factor_ex.default, how="Gaussian elimination, unrolled", limits=LIMITS)
def lu_factor(b: GraphBuilder, A: Operand, *, pivot: bool, check_errors: bool) -> Any:
    factors = lu(b, A, pivots=pivot)
    return factors.packed, lambda: _pivots(b, factors), lambda: _info(b, factors)


@aten_op(aten.linalg_lu.default, how="Gaussian elimination, unrolled", limits=LIMITS)
def linalg_lu(b: GraphBuilder, A: Operand, *, pivot: bool) -> Any:
    factors = lu(b, A, pivots=pivot)
    return _unpacked(b, factors.packed, lambda: _permutation(b, factors.places, A.shape[-2], factors.packed.data_type))


@aten_op(aten.lu_unpack.default, how="triangular; the permutation by selections, unrolled")
def lu_unpack(b: GraphBuilder, LU_data: Operand, LU_pivots: Operand, unpack_data: bool, unpack_pivots: bool) -> Any:
    return _unpacked(b, LU_data, lambda: _permutation(b, _places(b, LU_pivots), LU_data.shape[-2], LU_data.data_type))


@aten_op(aten.linalg_lu_solve.default, how="selections and two substitutions, unrolled", limits=LIMITS)
def lu_solve(b: GraphBuilder, LU: Operand, pivots: Operand, B: Operand, *, left: bool, adjoint: bool) -> Operand:
    right = B if left else _turned(b, B)
    batch = list(np.broadcast_shapes(LU.shape[:-2], right.shape[:-2]))
    right = b.expand(right, [*batch, *right.shape[-2:]])
    places = b.expand(_places(b, pivots), [*batch, pivots.shape[-1]])
    if adjoint == left:  # a' x = B, and x a = B is the same of the transposes
        upper = linear_systems.triangular_solve(b, _turned(b, LU), right, upper=False)
        lower = linear_systems.triangular_solve(b, _turned(b, LU), upper, upper=True, unit=True)
        x = matmul(b, _permutation(b, places, LU.shape[-1], LU.data_type), lower)
    else:
        lower = linear_systems.triangular_solve(b, LU, linear_systems.exchanged(b, right, places), upper=False, unit=True)
        x = linear_systems.triangular_solve(b, LU, lower, upper=True)
    return x if left else _turned(b, x)


def _turned(b: GraphBuilder, x: Operand) -> Operand:
    return b.transpose(x, permutation=[*range(x.rank - 2), x.rank - 1, x.rank - 2])


def _pivots(b: GraphBuilder, factors: Factors) -> Operand:
    """LAPACK's: the rows' numbers, counted from 1."""
    return b.add(factors.places, b.arange(factors.places.shape[-1], np.int32) + 1)


def _places(b: GraphBuilder, pivots: Operand) -> Operand:
    return b.sub(pivots, b.arange(pivots.shape[-1], np.int32) + 1)


def _permutation(b: GraphBuilder, places: Operand, order: int, data_type: DataType) -> Operand:
    """P, so that a = P L U."""
    b.reserve(math.prod(places.shape[:-1]), order, order, element_bytes=data_type.numpy.itemsize)
    eye = b.constant(np.broadcast_to(np.eye(order), [*places.shape[:-1], order, order]), data_type)
    return _turned(b, linear_systems.exchanged(b, eye, places))


def _unpacked(b: GraphBuilder, packed: Operand, permutation: Callable[[], Operand]) -> Any:
    height, width = packed.shape[-2:]
    count = min(height, width)

    def lower() -> Operand:
        columns = sliced(b, packed, {packed.rank - 1: slice(0, count)})
        return b.add(b.triangular(columns, upper=False, diagonal=-1), b.constant(np.eye(height, count), packed.data_type))

    return permutation, lower, lambda: b.triangular(sliced(b, packed, {packed.rank - 2: slice(0, count)}), upper=True)


def _lu_info(b: GraphBuilder, a: Operand) -> Callable[[], Operand]:
    return lambda: _info(b, lu(b, a))


def _info(b: GraphBuilder, factors: Factors) -> Operand:
    """LAPACK's: the first pivot that is 0, counted from 1, or 0."""
    return first_missing(b, b.notEqual(diagonal(b, factors.packed), 0))

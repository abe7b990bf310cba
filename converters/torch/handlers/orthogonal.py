"""Orthogonal factors of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from converters.lowering import householder
from converters.lowering.linear_systems import MAX_ORDER
from converters.lowering.slicing import sliced
from converters.torch.registry import aten, aten_op, unavailable
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

HOW = "Householder's reflections, unrolled"
LIMITS = f"up to order {MAX_ORDER}"


@aten_op(aten.linalg_qr.default, how=HOW, limits=LIMITS)
def qr(b: GraphBuilder, A: Operand, mode: str) -> Any:
    *batch, height, width = A.shape
    packed, tau = householder.reflections(b, A)
    kept = height if mode == "complete" else min(height, width)
    r = b.triangular(sliced(b, packed, {packed.rank - 2: slice(0, kept)}), upper=True)
    if mode == "r":
        return unavailable("Q of a factorization that makes R only"), r
    return householder.reflected(b, _eye(b, batch, height, kept, A), packed, tau), r


@aten_op(aten.geqrf.default, how=HOW, limits=LIMITS)
def geqrf(b: GraphBuilder, self: Operand) -> Any:
    return householder.reflections(b, self)


@aten_op(aten.linalg_householder_product.default, how="reflections of the unit matrix, unrolled", limits=LIMITS)
def householder_product(b: GraphBuilder, input: Operand, tau: Operand) -> Operand:
    *batch, height, width = input.shape
    return householder.reflected(b, _eye(b, batch, height, width, input), input, tau)


@aten_op(aten.ormqr.default, how="reflections, unrolled", limits=LIMITS)
def ormqr(b: GraphBuilder, self: Operand, input2: Operand, input3: Operand, left: bool, transpose: bool) -> Operand:
    if left:
        return householder.reflected(b, input3, self, input2, transpose=transpose)
    turned = [*range(input3.rank - 2), input3.rank - 1, input3.rank - 2]
    product = householder.reflected(b, b.transpose(input3, permutation=turned), self, input2, transpose=not transpose)
    return b.transpose(product, permutation=turned)


def _eye(b: GraphBuilder, batch: list[int], height: int, width: int, like: Operand) -> Operand:
    b.reserve(math.prod(batch), height, width, element_bytes=like.data_type.numpy.itemsize)
    return b.constant(np.broadcast_to(np.eye(height, width), [*batch, height, width]), like.data_type)

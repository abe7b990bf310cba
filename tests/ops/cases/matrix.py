"""Rows for matrix products."""

from __future__ import annotations

from tests.ops.case import Case, f16, f32, i32
from tests.ops.oracles import torch

PRODUCT = torch(lambda t, a, b: a @ b)

MATMUL = [
    Case("matmul", [f32(3, 4), f32(4, 5)], gives=f32(3, 5), by=PRODUCT),
    Case("matmul", [f16(3, 4), f16(4, 5)], gives=f16(3, 5), by=PRODUCT),
    Case("matmul", [f32(2, 3, 4), f32(2, 4, 5)], gives=f32(2, 3, 5), by=PRODUCT),
    Case("matmul", [f32(2, 1, 3, 4), f32(5, 4, 2)], gives=f32(2, 5, 3, 2), by=PRODUCT),
    Case("matmul", [f32(2, 3, 4), f32(4, 5)], gives=f32(2, 3, 5), by=PRODUCT),
    Case("matmul", [f32(1, 1), f32(1, 1)], gives=f32(1, 1), by=PRODUCT),
    Case("matmul", [f32(3, 4), f32(3, 4)], error="a has 4 columns, b has 3 rows (a operand_0: float32[3, 4], b operand_1: float32[3, 4])"),
    Case("matmul", [f32(2, 3, 4), f32(3, 4, 5)], error="shapes [2] and [3] do not broadcast"),
    Case("matmul", [f32(4), f32(4, 5)], error="a has rank 1 (shape [4]), expected rank at least 2"),
    Case("matmul", [i32(2, 2), i32(2, 2)], error="a is int32, allowed are float32, float16"),
    Case("matmul", [f32(2, 2), f16(2, 2)], error="b is float16, a is float32; they must be the same"),
]

GEMM = [
    Case("gemm", [f32(3, 4), f32(4, 5)], gives=f32(3, 5), by=PRODUCT),
    Case("gemm", [f16(3, 4), f16(4, 5)], gives=f16(3, 5), by=PRODUCT),
    Case("gemm", [f32(4, 3), f32(4, 5)], aTranspose=True, gives=f32(3, 5), by=torch(lambda t, a, b: a.T @ b)),
    Case("gemm", [f32(3, 4), f32(5, 4)], bTranspose=True, gives=f32(3, 5), by=torch(lambda t, a, b: a @ b.T)),
    Case("gemm", [f32(4, 3), f32(5, 4)], aTranspose=True, bTranspose=True, gives=f32(3, 5), by=torch(lambda t, a, b: a.T @ b.T)),
    *(
        Case(
            "gemm",
            [f32(3, 4), f32(4, 5)],
            c=f32(*shape),
            alpha=0.5,
            beta=-2,
            gives=f32(3, 5),
            by=torch(lambda t, a, b, c: 0.5 * (a @ b) - 2 * c),
        )
        for shape in ((3, 5), (5,), (3, 1), (1, 1), ())
    ),
    Case("gemm", [f32(3, 4), f32(4, 5)], c=f32(5), gives=f32(3, 5), by=torch(lambda t, a, b, c: a @ b + c)),
    Case("gemm", [f32(3, 4), f32(4, 5)], alpha=0, c=f32(5), gives=f32(3, 5), by=torch(lambda t, a, b, c: c.expand(3, 5))),
    Case("gemm", [f32(3, 4), f32(4, 5)], c=f32(4), error="c has shape [4], which does not broadcast to [3, 5]"),
    Case("gemm", [f32(3, 4), f32(4, 5)], aTranspose=True, error="a has 3 columns, b has 4 rows (after transposition)"),
    Case("gemm", [f32(3, 4), f32(4, 5)], c=f32(1, 3, 5), error="c has rank 3 (shape [1, 3, 5]), expected rank 0 to 2"),
    Case("gemm", [f32(3, 4), f32(4, 5)], c=f16(5), error="c is float16, a is float32; they must be the same"),
    Case("gemm", [f32(1, 3, 4), f32(4, 5)], error="a has rank 3 (shape [1, 3, 4]), expected rank 2"),
]

CASES = [*MATMUL, *GEMM]

"""Linear systems, inverses, and factors of matrices."""

from __future__ import annotations

import torch

from tests.torch.row import Rows, aten, f, row, t

ZERO_FIRST = t([0.0, 1, 2], [1, 0, 3], [4, 5, 0])
"""Elimination without pivots fails at once."""
PERMUTED = torch.eye(4)[[2, 0, 3, 1]]
SINGULAR = torch.ones(3, 3)
HILBERT = torch.tensor([[1 / (row + column + 1) for column in range(3)] for row in range(3)])
"""Ill-conditioned: 500 times the rounding error of its numbers."""
TINY_PIVOT = t([1e-8, 1.0], [1.0, 1.0])


def regular(*shape: int) -> torch.Tensor:
    """Matrices that are far from singular."""
    return f(*shape) + 3 * torch.eye(shape[-2], shape[-1])


def positive(*shape: int) -> torch.Tensor:
    """Symmetric, positive definite matrices."""
    return f(*shape) @ f(*shape).mT + torch.eye(shape[-1])


def half_read(lower: bool) -> torch.Tensor:
    """A positive definite matrix in one triangle, other numbers in the other."""
    a = positive(4, 4)
    return a + 9 * torch.ones(4, 4).triu(1) if lower else a + 9 * torch.ones(4, 4).tril(-1)


LU, PIVOTS = torch.linalg.lu_factor(f(2, 4, 4))
WIDE_LU, WIDE_PIVOTS = torch.linalg.lu_factor(f(3, 5))
PACKED, TAU = torch.geqrf(f(2, 4, 3))

ROWS: Rows = {
    aten.linalg_inv_ex.default: [
        *(row(a) for a in (f(1, 1), f(2, 3, 2, 2), f(7, 7), ZERO_FIRST, PERMUTED, HILBERT, TINY_PIVOT)),
        row(1e-12 * regular(3, 3)),
    ],
    aten._linalg_solve_ex.default: [
        *(row(ZERO_FIRST, right) for right in (f(3), f(3, 2), f(2, 3, 1))),
        row(f(2, 4, 4), f(2, 4)),
        row(f(2, 4, 4), f(4, 1)),
        row(f(4, 4), f(3, 4), left=False),
    ],
    aten.linalg_solve_triangular.default: [
        row(regular(4, 4), f(2, 4, 3), upper=True),
        row(regular(2, 4, 4), f(4, 3), upper=False),
        row(f(4, 4), f(4, 1), upper=False, unitriangular=True),
        row(regular(4, 4), f(3, 4), upper=True, left=False),
        row(f(1, 1), f(1, 2), upper=True),
    ],
    aten.triangular_solve.default: [
        row(f(4, 2), regular(4, 4)),
        row(f(2, 4, 2), regular(4, 4), False),
        row(f(4, 2), regular(4, 4), True, True),
        row(f(4, 2), f(4, 4), False, True, True),
    ],
    aten.linalg_cholesky_ex.default: [
        *(row(a) for a in (positive(1, 1), positive(2, 4, 4), half_read(True))),
        row(half_read(False), upper=True),
    ],
    aten.cholesky_solve.default: [row(f(4, 2), regular(4, 4)), row(f(2, 4, 2), regular(2, 4, 4), True)],
    aten._cholesky_solve_helper.default: [row(f(4, 2), regular(4, 4), False)],
    aten.cholesky_inverse.default: [row(regular(4, 4)), row(regular(2, 3, 3), True)],
    aten._linalg_det.default: [row(a) for a in (f(1, 1), f(2, 4, 4), ZERO_FIRST, PERMUTED, SINGULAR)],
    aten._linalg_slogdet.default: [row(a) for a in (f(2, 4, 4), ZERO_FIRST, PERMUTED, SINGULAR, 1e-20 * regular(4, 4))],
    aten.linalg_lu_factor_ex.default: [
        *(row(a) for a in (f(1, 1), f(2, 3, 4), f(4, 3), ZERO_FIRST, SINGULAR, torch.zeros(2, 2))),
    ],
    aten.linalg_lu.default: [*(row(a) for a in (f(2, 3, 4), f(4, 3), ZERO_FIRST))],
    aten.lu_unpack.default: [row(LU, PIVOTS), row(WIDE_LU, WIDE_PIVOTS)],
    aten.linalg_lu_solve.default: [
        row(LU, PIVOTS, f(2, 4, 3)),
        row(LU, PIVOTS, f(4, 3), adjoint=True),
        row(LU, PIVOTS, f(2, 3, 4), left=False),
        row(LU, PIVOTS, f(2, 3, 4), left=False, adjoint=True),
    ],
    aten.linalg_qr.default: [
        *(row(a) for a in (f(1, 1), f(2, 3, 3), f(2, 4), t([0.0, 1], [0, 2], [0, 3]), f(3, 1), f(1, 3))),
        row(f(4, 2), "complete"),
    ],
    aten.geqrf.default: [row(a) for a in (f(2, 4, 3), f(2, 4))],
    aten.linalg_householder_product.default: [row(PACKED, TAU)],
    aten.ormqr.default: [
        row(PACKED, TAU, f(2, 4, 2)),
        row(PACKED, TAU, f(2, 4, 2), True, True),
        row(PACKED, TAU, f(2, 2, 4), False),
        row(PACKED, TAU, f(2, 2, 4), False, True),
    ],
    aten.linalg_matrix_exp.default: [
        row(a) for a in (torch.zeros(2, 2), f(1, 1), 0.01 * f(3, 3), f(2, 3, 3), 20 * (f(4, 4) - f(4, 4).mT), -10 * positive(3, 3))
    ],
}
if hasattr(aten, "cholesky"):  # PyTorch 2.14 has it no more
    ROWS[aten.cholesky.default] = [row(positive(3, 3)), row(half_read(False), True)]

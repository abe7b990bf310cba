"""The table of operator tests, in one file for each file of the operator table."""

from __future__ import annotations

from tests.ops.case import Case
from tests.ops.cases import (
    activation,
    convolution,
    elementwise,
    manipulation,
    matrix,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resampling,
)

CASES: list[Case] = [
    *elementwise.CASES,
    *activation.CASES,
    *reduction.CASES,
    *manipulation.CASES,
    *matrix.CASES,
    *quantization.CASES,
    *convolution.CASES,
    *pooling.CASES,
    *normalization.CASES,
    *recurrent.CASES,
    *resampling.CASES,
]

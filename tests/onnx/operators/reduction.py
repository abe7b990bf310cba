"""Rows: reductions, running totals, matrix products."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import f32, ints, row, some

SUMS = ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceMean")
ALL = (*SUMS, "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp")

CASES = [
    *(row(op, f32(2, 3, 4), ints(-1, 0), opset=18) for op in ALL),
    *(row(op, f32(2, 3, 4), opset=11, axes=[1], keepdims=0) for op in ALL),
    *(row(op, f32(2, 3, 4), opset=18, keepdims=0) for op in ALL),
    *(row(op, f32(2, 3, 4), opset=18, noop_with_empty_axes=1) for op in SUMS),
    *(row(op, some(t, 2, 3, 4, low=-3, high=3), ints(1), opset=18) for op in SUMS for t in ("int32", "int64")),
    *(row(op, some(t, 2, 3, 4), ints(1), opset=18) for op in ("ReduceMax", "ReduceMin") for t in ("int8", "uint8")),
    *(row(op, some("int32", 2, 3, low=1), ints(1), opset=18) for op in ("ReduceL1", "ReduceL2", "ReduceSumSquare")),
    row("ReduceMax", some("bool", 3, 4), ints(1), opset=20),
    *(
        row("CumSum", some(t, 3, 4), ints(-1), exclusive=e, reverse=r)
        for t in ("float32", "int32", "int64")
        for e in (0, 1)
        for r in (0, 1)
    ),
    *(row("CumProd", f32(3, 5), ints(1), opset=26, exclusive=e, reverse=r) for e in (0, 1) for r in (0, 1)),
    row("CumProd", f32(3, 1), ints(1), opset=26, exclusive=1),
    *(
        row("MatMul", f32(*a), f32(*b))
        for a, b in (((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (5, 3, 2)), ((5, 2, 3), (3,)), ((2, 1, 2, 3), (4, 3, 2)))
    ),
    *(row("MatMul", some(t, 2, 3, 4), some(t, 4, 5)) for t in ("int32", "int64", "uint32", "uint64")),
    *(row("Gemm", f32(3, 4), f32(4, 5), c, alpha=0.5, beta=2.0) for c in (None, f32(5), f32(3, 1), f32(1), f32(3, 5))),
    row("Gemm", f32(4, 3), f32(5, 4), f32(5), transA=1, transB=1),
    row("Gemm", some("int32", 4, 3), some("int32", 5, 4), some("int32", 5), transA=1, transB=1),
    *(row("Det", f32(*shape)) for shape in ((1, 1), (2, 2), (5, 5), (2, 3, 4, 4))),
    row("Det", np.array([[0, 2, 1], [0, 0, 3], [4, 0, 0]], np.float32)),
    row("Det", np.ones((3, 3), np.float32)),
    *(
        row("Einsum", *(f32(*shape) for shape in shapes), equation=equation)
        for equation, *shapes in (
            ("ij->ji", (2, 3)),
            ("ii->i", (3, 3)),
            ("...ii->...i", (2, 3, 3)),
            ("iji->j", (2, 3, 2)),
            ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
            ("bhqk,bkhd->bqhd", (2, 3, 4, 5), (2, 5, 3, 6)),
            ("...ij,...jk->...ik", (5, 2, 3), (1, 3, 4)),
            ("ij,ik,jk->", (2, 3), (2, 4), (3, 4)),
            ("ab, cd -> acbd", (2, 3), (4, 5)),
            ("ij,jk", (2, 3), (3, 4)),
        )
    ),
    row("Einsum", some("int32", 2, 3), some("int32", 3, 4), equation="ij,jk->ik"),
    row("ReduceSum", f32(2, 3), Known(np.array([], np.int64)), opset=18),
]

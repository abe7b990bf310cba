"""Rows for batch, instance and layer normalization."""

from __future__ import annotations

from typing import Any

from tests.ops.case import Case, Tensor, f16, f32
from tests.ops.oracles import torch


def _variance(*shape: int) -> Tensor:
    return f32(*shape, low=0.5, high=3)


def _batch(t: Any, x: Any, mean: Any, variance: Any, scale: Any = None, bias: Any = None, *, axis: int = 1, eps: float = 1e-5) -> Any:
    y = t.nn.functional.batch_norm(x.movedim(axis, 1) if x.ndim > 1 else x[None], mean, variance, scale, bias, eps=eps)
    return y.movedim(1, axis) if x.ndim > 1 else y[0]


BATCH = [
    Case("batchNormalization", [f32(2, 3, 4, 5), f32(3), _variance(3)], gives=f32(2, 3, 4, 5), by=torch(_batch)),
    Case("batchNormalization", [f16(2, 3), f16(3), f16(3, low=0.5)], gives=f16(2, 3), by=torch(_batch)),
    Case("batchNormalization", [f32(2, 3, 4), f32(3), _variance(3)], scale=f32(3), bias=f32(3), gives=f32(2, 3, 4), by=torch(_batch)),
    Case("batchNormalization", [f32(2, 3, 4), f32(3), _variance(3)], scale=f32(3), gives=f32(2, 3, 4), by=torch(_batch)),
    Case(
        "batchNormalization",
        [f32(2, 3, 4), f32(3), _variance(3)],
        bias=f32(3),
        gives=f32(2, 3, 4),
        by=torch(lambda t, x, m, v, b: _batch(t, x, m, v, None, b)),
    ),
    *(
        Case(
            "batchNormalization",
            [f32(2, 3, 4), f32(n), _variance(n)],
            axis=axis,
            scale=f32(n),
            bias=f32(n),
            epsilon=0.1,
            gives=f32(2, 3, 4),
            by=torch(lambda t, *given, axis=axis: _batch(t, *given, axis=axis, eps=0.1)),
        )
        for axis, n in ((0, 2), (2, 4))
    ),
    Case("batchNormalization", [f32(3), f32(3), _variance(3)], axis=0, gives=f32(3), by=torch(lambda t, *given: _batch(t, *given, axis=0))),
    Case("batchNormalization", [f32(2, 3), f32(2), f32(3)], error="mean has shape [2], expected [3]"),
    Case("batchNormalization", [f32(2, 3), f32(3), f32(2)], error="variance has shape [2], expected [3]"),
    Case("batchNormalization", [f32(2, 3), f32(3), f32(3)], scale=f32(2), error="scale has shape [2], expected [3]"),
    Case("batchNormalization", [f32(2, 3), f32(3), f32(3)], bias=f32(1), error="bias has shape [1], expected [3]"),
    Case("batchNormalization", [f32(2, 3), f32(3), f32(3)], axis=2, error="axis 2 is out of range for rank 2"),
    Case("batchNormalization", [f32(2, 3), f32(3, 1), f32(3)], error="mean has rank 2 (shape [3, 1]), expected rank 1"),
    Case("batchNormalization", [f32(2, 3), f16(3), f32(3)], error="mean is float16, input is float32; they must be the same"),
]


def _instance(t: Any, x: Any, scale: Any = None, bias: Any = None, *, eps: float = 1e-5, nhwc: bool = False) -> Any:
    y = t.nn.functional.instance_norm(x.permute(0, 3, 1, 2) if nhwc else x, weight=scale, bias=bias, eps=eps)
    return y.permute(0, 2, 3, 1) if nhwc else y


INSTANCE = [
    Case("instanceNormalization", [f32(2, 3, 4, 5)], gives=f32(2, 3, 4, 5), by=torch(_instance)),
    Case("instanceNormalization", [f16(2, 3, 4, 5)], gives=f16(2, 3, 4, 5), by=torch(_instance)),
    Case("instanceNormalization", [f32(2, 3, 4, 5)], scale=f32(3), gives=f32(2, 3, 4, 5), by=torch(_instance)),
    Case(
        "instanceNormalization", [f32(2, 3, 4, 5)], bias=f32(3), gives=f32(2, 3, 4, 5), by=torch(lambda t, x, b: _instance(t, x, None, b))
    ),
    Case(
        "instanceNormalization",
        [f32(2, 4, 5, 3)],
        layout="nhwc",
        scale=f32(3),
        bias=f32(3),
        epsilon=0.3,
        gives=f32(2, 4, 5, 3),
        by=torch(lambda t, *given: _instance(t, *given, eps=0.3, nhwc=True)),
    ),
    Case("instanceNormalization", [f32(2, 3, 4, 5)], scale=f32(4), error="scale has shape [4], expected [3]"),
    Case("instanceNormalization", [f32(2, 3, 4, 5)], layout="nhwc", bias=f32(3), error="bias has shape [3], expected [5]"),
    Case("instanceNormalization", [f32(2, 3, 4)], error="input has rank 3 (shape [2, 3, 4]), expected rank 4"),
]


def _layer(t: Any, x: Any, scale: Any = None, bias: Any = None, *, axes: tuple[int, ...], eps: float = 1e-5) -> Any:
    """PyTorch normalizes the last dimensions: the axes are moved there in their order, and back."""
    if not axes:
        return t.zeros_like(x) * (1 if scale is None else scale) + (0 if bias is None else bias)
    last = tuple(range(x.ndim - len(axes), x.ndim))
    moved = x.movedim(axes, last)
    return t.nn.functional.layer_norm(moved, moved.shape[-len(axes) :], scale, bias, eps).movedim(last, axes)


LAYER = [
    Case("layerNormalization", [f32(2, 3, 4)], gives=f32(2, 3, 4), by=torch(lambda t, x: _layer(t, x, axes=(1, 2)))),
    Case("layerNormalization", [f16(2, 8)], gives=f16(2, 8), by=torch(lambda t, x: _layer(t, x, axes=(1,)))),
    *(
        Case(
            "layerNormalization",
            [f32(2, 3, 4)],
            axes=list(axes),
            scale=f32(*(x for x in ((2, 3, 4)[axis] for axis in axes))),
            bias=f32(*((2, 3, 4)[axis] for axis in axes)),
            epsilon=0.2,
            gives=f32(2, 3, 4),
            by=torch(lambda t, *given, axes=axes: _layer(t, *given, axes=axes, eps=0.2)),
        )
        for axes in ((2,), (0,), (1, 2), (2, 1), (0, 2), (2, 0, 1))
    ),
    Case("layerNormalization", [f32(2, 3)], scale=f32(3), gives=f32(2, 3), by=torch(lambda t, x, s: _layer(t, x, s, axes=(1,)))),
    Case("layerNormalization", [f32(2, 3)], bias=f32(3), gives=f32(2, 3), by=torch(lambda t, x, b: _layer(t, x, None, b, axes=(1,)))),
    Case("layerNormalization", [f32(3)], gives=f32(3, values=0)),
    Case("layerNormalization", [f32()], gives=f32(values=0)),
    Case("layerNormalization", [f32(2, 3)], axes=[], bias=f32(values=5), gives=f32(2, 3, values=5)),
    Case("layerNormalization", [f32(2, 3)], axes=[2], error="axes [2] is out of range for rank 2"),
    Case("layerNormalization", [f32(2, 3)], axes=[1, 1], error="axes [1, 1] contains one axis twice"),
    Case("layerNormalization", [f32(2, 3, 4)], axes=[2, 1], scale=f32(3, 4), error="scale has shape [3, 4], expected [4, 3] (axes [2, 1])"),
    Case("layerNormalization", [f32(2, 3)], bias=f32(2), error="bias has shape [2], expected [3] (axes [1])"),
]

CASES = [*BATCH, *INSTANCE, *LAYER]

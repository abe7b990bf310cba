"""Which types ONNX Runtime computes each operator in on a CPU, measured by ``python -m tests.onnx_models.kernels``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from onnx import TensorProto

from webnn_graph.onnx.values import ELEMENTS

T = TensorProto
CARRIERS: Mapping[int, tuple[int, ...]] = {
    T.BOOL: (T.UINT8, T.INT32, T.INT64),
    T.INT4: (T.INT8, T.INT32),
    T.UINT4: (T.UINT8, T.INT32),
    T.INT8: (T.INT32, T.INT64, T.FLOAT),
    T.UINT8: (T.INT32, T.INT64, T.FLOAT),
    T.INT32: (T.INT64, T.DOUBLE),
    T.UINT32: (T.INT64, T.DOUBLE),
    T.UINT64: (T.INT64,),
    T.FLOAT16: (T.FLOAT,),
}
"""Types that hold every value of another; int64 those of uint64 modulo 2^64."""


@cache
def kernels() -> Mapping[str, Mapping[str, list[int]]]:
    """Of each operator, by the name that its schema has for a type, the element types that there are kernels for."""
    measured = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return {op: {kind: [ELEMENTS[name] for name in names] for kind, names in kinds.items()} for op, kinds in measured["kernels"].items()}


def carrier_of(op: str, kind: str, type: int, allowed: Sequence[int]) -> int:
    """The type in which an operator is computed on values of a type.

    Args:
        op: The operator.
        kind: What its schema calls the type.
        type: That of the values.
        allowed: What the schema allows.
    """
    known = kernels().get(op, {}).get(kind, allowed)
    return next((carrier for carrier in (type, *CARRIERS.get(type, ())) if carrier in known and carrier in allowed), type)

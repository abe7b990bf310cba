"""A target of about the kind of Core ML, written by hand: few types, ranks up to 5, channels first; an example for others."""

from __future__ import annotations

from typing import Any

from tests.targets.standard import facts

COMPUTED = ("float32", "float16", "int32")
BYTES = ("cast", "dequantizeLinear", "quantizeLinear", "gather", "reshape", "slice", "where")
"""Operators that take 8-bit integers, too; so do those of truth values."""


def limits() -> dict[str, Any]:
    """What its ``opSupportLimits()`` would be."""
    operators = {op: {name: _limit(op, row) for name, row in fact["required"].items()} for op, fact in facts()["operators"].items()}
    anything = {"dataTypes": list(COMPUTED), "rankRange": {"min": 0, "max": 5}}
    return operators | {
        "preferredInputLayout": "nchw",
        "maxTensorByteLength": 2**31 - 1,
        "input": anything,
        "output": anything,
        "constant": anything | {"dataTypes": [*COMPUTED, "int8", "uint8"]},
    }


def _limit(op: str, row: dict[str, Any]) -> dict[str, Any]:
    least, most = row["ranks"]
    truth = row["types"] == "uint8"
    types = [name for name in row["types"].split() if name in COMPUTED or truth or op in BYTES]
    return {"dataTypes": types, "rankRange": {"min": least, "max": most}}

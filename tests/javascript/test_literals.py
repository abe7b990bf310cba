"""Numbers in generated JavaScript: every float32 comes back, and none is beyond the range that Chromium takes as finite."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from webnn_graph import GraphBuilder
from webnn_graph.formats import javascript

LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize(
    "value", [0.1, 1 / 3, 16777216.0, 1e-45, -LARGEST, LARGEST, np.nextafter(np.float32(LARGEST), np.float32(0)), 3.4e38]
)
def test_scalar_constants_are_exact_and_in_range(value: float) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.mul(b.input("x", "float32", [1]), np.float32(value))})
    module = javascript.files(graph, "m")["m.js"]
    literals = re.findall(r'builder\.constant\("float32", (.+)\);', module)
    assert len(literals) == 1
    assert np.float32(float(literals[0])) == np.float32(value)
    assert abs(float(literals[0])) <= LARGEST


@pytest.mark.parametrize(
    ("values", "data_type", "expected"),
    [
        (0.1, "float32", 'constant("float32", 0.1)'),
        (float("nan"), "float32", 'constant("float32", NaN)'),
        (-0.0, "float32", 'constant("float32", -0)'),
        (2**63 - 1, "int64", 'constant("int64", 9223372036854775807n)'),
        ([1, -2], "int64", "new BigInt64Array([1n, -2n])"),
        ([0.1, np.inf], "float32", "new Float32Array([0.1, Infinity])"),
        ([1.5, -2.0], "float16", "new Uint16Array([0x3e00, 0xc000]).buffer"),
        ([1, -2, 7], "int4", "new Uint8Array([225, 7])"),
        ([1, 15], "uint4", "new Uint8Array([241])"),
        ([255, 0], "uint8", "new Uint8Array([255, 0])"),
    ],
)
def test_inline_constants(values: Any, data_type: str, expected: str) -> None:
    b = GraphBuilder()
    constant = b.constant(np.asarray(values), data_type, "c")
    graph = b.build(
        {"y": b.concat([b.input("x", data_type, [2]), constant], 0) if constant.rank else b.add(b.input("x", data_type, [2]), constant)}
    )
    assert expected in javascript.files(graph, "model")["model.js"]

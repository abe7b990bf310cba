"""Numbers in generated JavaScript: every float32 comes back, and none is beyond the range that Chromium takes as finite."""

from __future__ import annotations

import re

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

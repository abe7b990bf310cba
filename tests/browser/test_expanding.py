"""What a module computes once, in a browser: results are those of NumPy."""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.runtimes.browser import BrowserSession

RNG = np.random.default_rng(0)


def test_expressions_of_weights_and_those_that_read_none_are_there(browser: BrowserSession) -> None:
    b = GraphBuilder()
    numbers, zero = RNG.integers(-128, 128, (96, 320)).astype(np.int8), RNG.integers(-9, 9, (1, 320)).astype(np.int8)
    scale = RNG.random((1, 320)).astype(np.float32)
    w = b.transpose(b.dequantizeLinear(b.constant(numbers), b.constant(scale), b.constant(zero)))
    row = b.tanh(b.tile(b.constant(np.array([1.5], np.float32)), [96]))
    x = RNG.random((7, 320)).astype(np.float32)
    graph = b.build({"y": b.add(b.matmul(b.input("x", "float32", [7, 320]), w), row)})
    expected = x.astype(np.float64) @ ((numbers - zero.astype(np.float64)) * scale).T + np.tanh(1.5)
    np.testing.assert_allclose(browser.run(graph, {"x": x})["y"], expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_expressions_that_read_no_weights_are_there_without_any(browser: BrowserSession) -> None:
    b = GraphBuilder()
    made = b.tanh(b.tile(b.constant(np.array([1.5], np.float32)), [90_000]))
    x = RNG.random(90_000).astype(np.float32)
    found = browser.run(b.build({"y": b.mul(b.input("x", "float32", [90_000]), made)}), {"x": x})["y"]
    np.testing.assert_allclose(found, x * np.tanh(1.5), rtol=1e-5)

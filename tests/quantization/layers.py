"""Graphs with a layer each, whose weight can be rounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Operand

Build = Callable[[GraphBuilder], Operand | list[Operand]]


def numbers(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Numbers that are the same in each run, of other sizes in each output channel."""
    random = np.random.default_rng(len(shape))
    return (random.standard_normal(shape) * random.uniform(0.1, 2, shape[-1])).astype(np.float32)


def graph_of(build: Build) -> Graph:
    """The graph of a call, whose outputs are y, z, ..."""
    b = GraphBuilder()
    with b.source("/layer"):
        made = build(b)
    return b.build(dict(zip("yzvw", made if isinstance(made, list) else [made], strict=False)))


def _conv(transposed: bool = False, **options: Any) -> Build:
    op = "convTranspose2d" if transposed else "conv2d"

    def build(b: GraphBuilder) -> Operand:
        layout = options.get("filterLayout", "iohw" if transposed else "oihw")
        shape = {"o": 24, "i": 16, "h": 3, "w": 3}
        w = b.constant(numbers(*(shape[kind] for kind in layout)), name="w")
        made: Operand = b.call(op, b.input("x", "float32", [1, 16, 5, 5]), w, **options)
        return made

    return build


def depthwise(b: GraphBuilder) -> Operand:
    """A convolution with a filter for each channel."""
    return b.conv2d(b.input("x", "float32", [1, 128, 5, 5]), b.constant(numbers(128, 1, 3, 3), name="w"), groups=128)


def _lstm(b: GraphBuilder) -> list[Operand]:
    weights = b.constant(numbers(1, 128, 48) / 8, name="w"), b.constant(numbers(1, 128, 32) / 16, name="r")
    return b.lstm(b.input("x", "float32", [3, 2, 48]), *weights, 3, 32)


def _gru(b: GraphBuilder) -> list[Operand]:
    weights = b.constant(numbers(1, 96, 64) / 8, name="w"), b.constant(numbers(1, 96, 32) / 16, name="r")
    return b.gru(b.input("x", "float32", [3, 2, 64]), *weights, 3, 32)


def _gemm(**options: Any) -> Build:
    def build(b: GraphBuilder) -> Operand:
        shape = (48, 64) if options.get("bTranspose") else (64, 48)
        return b.gemm(
            b.input("x", "float32", [3, 64]), b.constant(numbers(*shape), name="w"), c=b.constant(numbers(48), name="c"), **options
        )

    return build


def tied(b: GraphBuilder) -> list[Operand]:
    """A table whose rows are gathered, and which is what the result is multiplied by."""
    table = b.constant(numbers(100, 64), name="w")
    rows = b.gather(table, b.input("x", "int32", [1, 5]))
    return [b.matmul(rows, b.transpose(table, permutation=[1, 0])), b.identity(rows)]


def table(b: GraphBuilder) -> Operand:
    """A table of which rows are gathered."""
    return b.gather(b.constant(numbers(100, 64), name="w"), b.input("x", "int32", [2, 5]))


def turned(b: GraphBuilder) -> list[Operand]:
    """A matrix that two layers read, one of them through a reshape and a transpose."""
    w = b.constant(numbers(64, 64), name="w")
    heads = b.transpose(b.reshape(w, [4, 16, 64]), permutation=[0, 2, 1])
    return [b.matmul(b.input("x", "float32", [3, 64]), w), b.matmul(b.input("h", "float32", [4, 3, 64]), heads)]


def mixed(b: GraphBuilder) -> list[Operand]:
    """A matrix that two layers read as matrices of other sizes."""
    w = b.constant(numbers(64, 64), name="w")
    return [b.matmul(b.input(f"x{rows}", "float32", [3, rows]), b.reshape(w, [rows, 4096 // rows])) for rows in (128, 256)]


LAYERS: dict[str, tuple[Build, dict[str, tuple[list[int], list[int]]]]] = {
    "matmul": (
        lambda b: b.matmul(b.input("x", "float32", [3, 64]), b.constant(numbers(64, 48), name="w")),
        {"w": ([1, 48], [2, 48])},
    ),
    "matmul from the left": (
        lambda b: b.matmul(b.constant(numbers(48, 64), name="w"), b.input("x", "float32", [64, 3])),
        {"w": ([48, 1], [48, 2])},
    ),
    "matmul of batches": (
        lambda b: b.matmul(b.input("x", "float32", [4, 3, 64]), b.constant(numbers(4, 64, 8), name="w")),
        {"w": ([4, 1, 8], [4, 2, 8])},
    ),
    "matmul of 60": (  # which 32 does not divide
        lambda b: b.matmul(b.input("x", "float32", [3, 60]), b.constant(numbers(60, 48), name="w")),
        {"w": ([1, 48], [2, 48])},
    ),
    "gemm": (_gemm(), {"w": ([1, 48], [2, 48])}),
    "gemm transposed": (_gemm(bTranspose=True, alpha=0.5), {"w": ([48, 1], [48, 2])}),
    "conv2d": (_conv(), {"w": ([24, 1, 1, 1], [24, 4, 1, 1])}),
    "conv2d hwio": (_conv(filterLayout="hwio"), {"w": ([1, 1, 1, 24], [3, 1, 1, 24])}),
    "conv2d of one channel": (
        lambda b: b.conv2d(b.input("x", "float32", [1, 1, 1, 128]), b.constant(numbers(48, 1, 1, 64), name="w")),
        {"w": ([48, 1, 1, 1], [48, 1, 1, 2])},
    ),
    "convTranspose2d": (_conv(transposed=True, strides=[2, 2]), {"w": ([1, 24, 1, 1], [4, 24, 1, 1])}),
    "lstm": (_lstm, {"w": ([1, 128, 1], [1, 128, 2]), "r": ([1, 128, 1], [1, 128, 1])}),
    "gru": (_gru, {"w": ([1, 96, 1], [1, 96, 2]), "r": ([1, 96, 1], [1, 96, 1])}),
    "turned": (turned, {"w": ([64, 1], [64, 2])}),
    "table": (table, {"w": ([100, 1], [100, 1])}),
    "tied": (tied, {"w": ([100, 1], [100, 2])}),
}
"""A layer with the shapes of its weights' scales, in int8 and in int4 with blocks of 32."""

"""Products of matrices, attention, and quantized weights."""

from __future__ import annotations

import numpy as np

from benchmarks.calls.case import Case, DrawingBuilder, Form, drawn
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

WIDTH = 1024
KEYS = (1, 4, 512, 64)


def dequantized(b: DrawingBuilder) -> Operand:
    q = b.constant(b.numbers.integers(-127, 127, (WIDTH, WIDTH)), "int8")
    return b.dequantizeLinear(q, b.abs(drawn(b, 1, WIDTH)), b.constant(np.zeros((1, WIDTH)), "int8"))


def dequantized_blocks(b: DrawingBuilder) -> Operand:
    blocks = (WIDTH, WIDTH // 32)
    q = b.constant(b.numbers.integers(0, 15, (WIDTH, WIDTH)), "uint4")
    return b.dequantizeLinear(q, b.abs(drawn(b, *blocks)), b.constant(b.numbers.integers(0, 15, blocks), "uint4"))


def half(b: DrawingBuilder) -> Operand:
    return b.cast(b.constant(b.numbers.uniform(-1, 1, (WIDTH, WIDTH)), "float16"), "float32")


def turned(b: DrawingBuilder) -> Operand:
    return drawn(b, WIDTH, WIDTH, order=[1, 0])


def product(rows: int) -> Case:
    forms: dict[str, Form] = {
        "matmul(x, w)": lambda b, x: b.matmul(x, drawn(b, WIDTH, WIDTH)),
        "gemm(x, w)": lambda b, x: b.gemm(x, drawn(b, WIDTH, WIDTH)),
        "gemm(x, w, bTranspose)": lambda b, x: b.gemm(x, turned(b), bTranspose=True),
        "matmul(x, transpose(w))": lambda b, x: b.matmul(x, b.transpose(turned(b))),
        "matmul of [1, rows, 1024]": lambda b, x: b.matmul(b.reshape(x, [1, rows, WIDTH]), drawn(b, WIDTH, WIDTH)),
        "matmul with w of [1, 1024, 1024]": lambda b, x: b.matmul(b.reshape(x, [1, rows, WIDTH]), drawn(b, 1, WIDTH, WIDTH)),
        "transpose(matmul(w, transpose(x)))": lambda b, x: b.transpose(b.matmul(turned(b), b.transpose(x))),
        "conv2d 1x1": lambda b, x: b.reshape(
            b.conv2d(
                b.reshape(x, [1, rows, 1, WIDTH]), b.reshape(turned(b), [WIDTH, 1, 1, WIDTH]), inputLayout="nhwc", filterLayout="ohwi"
            ),
            [rows, WIDTH],
        ),
    }
    beside: dict[str, Form] = {
        "gemm(x, w, c)": lambda b, x: b.gemm(x, drawn(b, WIDTH, WIDTH), c=drawn(b, WIDTH)),
        "gemm(x, w, c, bTranspose)": lambda b, x: b.gemm(x, turned(b), c=drawn(b, WIDTH), bTranspose=True),
        "add(matmul(x, w), c)": lambda b, x: b.add(b.matmul(x, drawn(b, WIDTH, WIDTH)), drawn(b, WIDTH)),
        "w = cast(float16)": lambda b, x: b.matmul(x, half(b)),
        "w = dequantizeLinear(int8), per column": lambda b, x: b.matmul(x, dequantized(b)),
        "w = dequantizeLinear(uint4), blocks of 32": lambda b, x: b.matmul(x, dequantized_blocks(b)),
    }
    return Case(f"float32[{rows}, 1024] times a constant [1024, 1024]", [(rows, WIDTH)], forms, beside)


def scores(tokens: int) -> Case:
    return Case(
        f"scores of {tokens} token{'s' if tokens > 1 else ''}, 12 heads, 4 of keys float32[1, 4, 512, 64]",
        [(1, 12, tokens, 64), KEYS],
        {
            "keys expanded": lambda b, q, k: b.matmul(q, b.transpose(expanded(b, k), permutation=[0, 1, 3, 2])),
            "rows grouped": lambda b, q, k: b.reshape(
                b.matmul(b.reshape(q, [1, 4, 3 * tokens, 64]), b.transpose(k, permutation=[0, 1, 3, 2])), [1, 12, tokens, 512]
            ),
            "broadcast in five dimensions": lambda b, q, k: b.reshape(
                b.matmul(b.reshape(q, [1, 4, 3, tokens, 64]), b.reshape(b.transpose(k, permutation=[0, 1, 3, 2]), [1, 4, 1, 64, 512])),
                [1, 12, tokens, 512],
            ),
        },
    )


def expanded(b: GraphBuilder, x: Operand) -> Operand:
    n, groups, length, size = x.shape
    return b.reshape(b.expand(b.reshape(x, [n, groups, 1, length, size]), [n, groups, 3, length, size]), [n, groups * 3, length, size])


CASES = (
    product(1),
    product(64),
    scores(1),
    scores(64),
    Case(
        "values of 1 token, 12 heads, 4 of values float32[1, 4, 512, 64]",
        [(1, 12, 1, 512), KEYS],
        {
            "values expanded": lambda b, w, v: b.matmul(w, expanded(b, v)),
            "rows grouped": lambda b, w, v: b.reshape(b.matmul(b.reshape(w, [1, 4, 3, 512]), v), [1, 12, 1, 64]),
            "broadcast in five dimensions": lambda b, w, v: b.reshape(
                b.matmul(b.reshape(w, [1, 4, 3, 1, 512]), b.reshape(v, [1, 4, 1, 512, 64])), [1, 12, 1, 64]
            ),
        },
    ),
    Case(
        "scores of 12 heads",
        [(1, 12, 128, 32), (1, 12, 128, 32)],
        {
            "matmul(q, transpose(k))": lambda b, q, k: b.matmul(q, b.transpose(k, permutation=[0, 1, 3, 2])),
            "in three dimensions": lambda b, q, k: b.matmul(
                b.reshape(q, [12, 128, 32]), b.transpose(b.reshape(k, [12, 128, 32]), permutation=[0, 2, 1])
            ),
        },
    ),
    Case(
        "heads split, 12 of float32[1, 128, 384]",
        [(1, 128, 384)],
        {
            "transpose [0, 2, 1, 3]": lambda b, x: b.transpose(b.reshape(x, [1, 128, 12, 32]), permutation=[0, 2, 1, 3]),
            "in three dimensions": lambda b, x: b.transpose(b.reshape(x, [128, 12, 32]), permutation=[1, 0, 2]),
        },
        beside={
            "keys turned at once: transpose [0, 2, 3, 1]": lambda b, x: b.transpose(
                b.reshape(x, [1, 128, 12, 32]), permutation=[0, 2, 3, 1]
            ),
            "turned afterwards: [0, 2, 1, 3], then [0, 1, 3, 2]": lambda b, x: b.transpose(
                b.transpose(b.reshape(x, [1, 128, 12, 32]), permutation=[0, 2, 1, 3]), permutation=[0, 1, 3, 2]
            ),
        },
    ),
    Case(
        "softmax",
        [(1, 12, 128, 128)],
        {
            "softmax(x, 3)": lambda b, x: b.softmax(x, 3),
            "exp(x) / reduceSum(exp(x))": lambda b, x: b.div(e := b.exp(x), b.reduceSum(e, axes=[3], keepDimensions=True)),
        },
    ),
    Case(
        "softmax along channels",
        [(1, 12, 128, 128)],
        {
            "softmax(x, 1)": lambda b, x: b.softmax(x, 1),
            "between transposes": lambda b, x: b.transpose(
                b.softmax(b.mul(b.transpose(x, permutation=[0, 2, 3, 1]), 1.0000001), 3), permutation=[0, 3, 1, 2]
            ),
            "the same in three dimensions": lambda b, x: b.reshape(
                b.transpose(
                    b.softmax(b.mul(b.transpose(b.reshape(x, [1, 12, 16384]), permutation=[0, 2, 1]), 1.0000001), 2), permutation=[0, 2, 1]
                ),
                [1, 12, 128, 128],
            ),
            "exp(x) / reduceSum(exp(x))": lambda b, x: b.div(e := b.exp(x), b.reduceSum(e, axes=[1], keepDimensions=True)),
        },
    ),
    Case(
        "softmax along the last axis but one",
        [(1, 12, 128, 128)],
        {
            "softmax(x, 2)": lambda b, x: b.softmax(x, 2),
            "between transposes": lambda b, x: b.transpose(
                b.softmax(b.mul(b.transpose(x, permutation=[0, 1, 3, 2]), 1.0000001), 3), permutation=[0, 1, 3, 2]
            ),
        },
    ),
    Case(
        "a product with one-hot numbers of 2,048 indices, 257 classes",
        [(1, 2048, 1)],
        {
            "matmul(cast(equal(i, classes)), w)": lambda b, i: b.matmul(
                b.cast(b.equal(b.cast(i, "int32"), np.arange(257, dtype=np.int32).reshape(1, 1, 257)), "float32"), drawn(b, 257, 64)
            ),
            "gather(w with zeros around, min(max(i, -1), 257) + 1)": lambda b, i: b.gather(
                b.constant(np.pad(b.numbers.uniform(-1, 1, (257, 64)).astype(np.float32), ((1, 1), (0, 0)))),
                b.add(b.min(b.max(b.reshape(b.cast(i, "int32"), [1, 2048]), -1), 257), 1),
            ),
        },
    ),
    Case(
        "layer normalization",
        [(1, 128, 384)],
        {
            "layerNormalization": lambda b, x: b.layerNormalization(x, axes=[2], scale=drawn(b, 384), bias=drawn(b, 384)),
            "reduceMean, sub, mul, ...": lambda b, x: b.add(
                b.mul(
                    b.div(
                        c := b.sub(x, b.reduceMean(x, axes=[2], keepDimensions=True)),
                        b.sqrt(b.add(b.reduceMean(b.mul(c, c), axes=[2], keepDimensions=True), 1e-5)),
                    ),
                    drawn(b, 384),
                ),
                drawn(b, 384),
            ),
        },
    ),
    Case(
        "RMS normalization",
        [(1, 128, 384)],
        {
            "x * reciprocal(sqrt(mean))": lambda b, x: b.mul(
                b.mul(x, b.reciprocal(b.sqrt(b.add(b.reduceMean(b.mul(x, x), axes=[2], keepDimensions=True), 1e-5)))), drawn(b, 384)
            ),
            "x / sqrt(mean)": lambda b, x: b.mul(
                b.div(x, b.sqrt(b.add(b.reduceMean(b.mul(x, x), axes=[2], keepDimensions=True), 1e-5))), drawn(b, 384)
            ),
            "reduceSumSquare": lambda b, x: b.mul(
                b.div(x, b.sqrt(b.linear(b.reduceSumSquare(x, axes=[2], keepDimensions=True), alpha=1 / 384, beta=1e-5))), drawn(b, 384)
            ),
            "reduceL2": lambda b, x: b.mul(
                b.div(x, b.sqrt(b.linear(b.pow(b.reduceL2(x, axes=[2], keepDimensions=True), 2.0), alpha=1 / 384, beta=1e-5))),
                drawn(b, 384),
            ),
        },
    ),
    Case(
        "running sums",
        [(1, 4, 512, 64)],
        {
            "cumulativeSum": lambda b, x: b.cumulativeSum(x, 2),
            "a triangle of ones times x": lambda b, x: b.matmul(b.triangular(b.constant(np.ones((512, 512)), "float32"), upper=False), x),
        },
    ),
)

"""Steps that move numbers, and reductions."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.calls.case import Case, DrawingBuilder, drawn
from webnn_graph.graph import Operand

CACHE = [(1, 4, 512, 64)]
TOKENS = [(1, 128, 384)]
SIGNS = np.tile(np.array([-1, 1], np.float32), 32)
TURNING = np.kron(np.eye(32, dtype=np.float32), np.array([[0, 1], [-1, 0]], np.float32))
"""What a row (a, b) is multiplied by to be (-b, a), for each two neighbours."""


def turned_by_slices(b: DrawingBuilder, x: Operand, sine: Operand, count: int) -> Operand:
    first, second = (b.slice(x, [0, 0, 0, place], [1, 12, count, 63], strides=[1, 1, 1, 2]) for place in (0, 1))
    pairs = b.concat([b.reshape(part, [1, 12, count, 32, 1]) for part in (b.neg(second), first)], 4)
    made: Operand = b.mul(b.reshape(pairs, [1, 12, count, 64]), sine)
    return made


def turned_by_reverse(b: DrawingBuilder, x: Operand, sine: Operand, count: int) -> Operand:
    pairs = b.reverse(b.reshape(x, [12 * count, 32, 2]), axes=[2])
    made: Operand = b.mul(b.reshape(pairs, [1, 12, count, 64]), b.mul(sine, SIGNS))
    return made


CASES = (
    Case(
        "expand [1, 4, 1, 512, 64] to [1, 4, 3, 512, 64]",
        CACHE,
        {
            "expand": lambda b, x: b.expand(b.reshape(x, [1, 4, 1, 512, 64]), [1, 4, 3, 512, 64]),
            "concat": lambda b, x: b.concat([b.reshape(x, [1, 4, 1, 512, 64])] * 3, 2),
            "concat in three dimensions": lambda b, x: b.concat([b.reshape(x, [4, 1, 512 * 64])] * 3, 1),
            "mul by ones": lambda b, x: b.mul(b.reshape(x, [4, 1, 512 * 64]), b.constant(np.ones([1, 3, 1]), "float32")),
            "mul by ones of the whole shape": lambda b, x: b.mul(
                b.reshape(x, [4, 1, 512 * 64]), b.constant(np.ones([4, 3, 512 * 64]), "float32")
            ),
            "tile": lambda b, x: b.tile(b.reshape(x, [4, 1, 512 * 64]), [1, 3, 1]),
            "gather": lambda b, x: b.gather(b.reshape(x, [4, 512 * 64]), b.constant(np.arange(12) // 3, "int32"), axis=0),
            "expand in three dimensions": lambda b, x: b.expand(b.reshape(x, [4, 1, 512 * 64]), [4, 3, 512 * 64]),
        },
    ),
    Case(
        "expand [1, 384] to [128, 384]",
        [(1, 384)],
        {
            "expand": lambda b, x: b.expand(x, [128, 384]),
            "mul by ones": lambda b, x: b.mul(x, b.constant(np.ones([128, 1]), "float32")),
            "concat": lambda b, x: b.concat([x] * 128, 0),
            "tile": lambda b, x: b.tile(x, [128, 1]),
        },
    ),
    Case(
        "expand [128, 1] to [128, 384]",
        [(128, 1)],
        {
            "expand": lambda b, x: b.expand(x, [128, 384]),
            "mul by ones": lambda b, x: b.mul(x, b.constant(np.ones([1, 384]), "float32")),
            "tile": lambda b, x: b.tile(x, [1, 384]),
        },
    ),
    Case(
        "transpose of float32[1, 4, 512, 64]",
        CACHE,
        {
            "[0, 1, 3, 2]": lambda b, x: b.transpose(x, permutation=[0, 1, 3, 2]),
        },
        beside={
            "[0, 2, 1, 3]": lambda b, x: b.transpose(x, permutation=[0, 2, 1, 3]),
            "[0, 2, 3, 1]": lambda b, x: b.transpose(x, permutation=[0, 2, 3, 1]),
            "[0, 3, 1, 2]": lambda b, x: b.transpose(x, permutation=[0, 3, 1, 2]),
        },
    ),
    Case(
        "one row of the cache replaced",
        [(1, 4, 512, 64), (1, 4, 1, 64)],
        {
            "scatterND": lambda b, x, y: b.scatterND(
                b.reshape(x, [4, 512, 64]), b.constant([[i, 7] for i in range(4)], "int32"), b.reshape(y, [4, 64])
            ),
            "where": lambda b, x, y: b.where(b.equal(b.constant(np.arange(512).reshape(512, 1), "int32"), 7), y, x),
            "slices and concat": lambda b, x, y: b.concat(
                [b.slice(x, [0, 0, 0, 0], [1, 4, 7, 64]), y, b.slice(x, [0, 0, 8, 0], [1, 4, 504, 64])], 2
            ),
        },
    ),
    Case(
        "128 rows of a constant [30000, 384]",
        [(128,)],
        {
            "gather": lambda b, i: b.gather(drawn(b, 30000, 384), b.cast(i, "int32")),
            "gatherND": lambda b, i: b.gatherND(drawn(b, 30000, 384), b.reshape(b.cast(i, "int32"), [128, 1])),
        },
        repeats=2,
    ),
    Case(
        "channels in another order",
        [(1, 64, 56, 56)],
        {
            "gather": lambda b, x: b.gather(x, b.constant(b.numbers.permutation(64), "int32"), axis=1),
        },
        beside={
            "reverse": lambda b, x: b.reverse(x, axes=[1]),
            "the last axis reversed": lambda b, x: b.reverse(x, axes=[3]),
            "the last axis gathered": lambda b, x: b.gather(x, b.constant(np.arange(56)[::-1].copy(), "int32"), axis=3),
        },
    ),
    *(
        Case(
            f"neighbours (a, b) as (-b, a), of {count}",
            [(1, 12, count, 64), (1, 1, count, 64)],
            {
                "slices, neg, concat, mul": partial(turned_by_slices, count=count),
                "reverse of pairs, mul": partial(turned_by_reverse, count=count),
                "matmul, mul": lambda b, x, sine: b.mul(b.matmul(x, b.constant(TURNING)), sine),
                "gather, mul": lambda b, x, sine: b.mul(b.gather(x, b.constant(np.arange(64) ^ 1, "int32"), axis=3), b.mul(sine, SIGNS)),
            },
        )
        for count in (1, 64)
    ),
    Case(
        "two halves of the last axis",
        TOKENS,
        {
            "split, mul": lambda b, x: b.mul(*b.split(x, 2, axis=2)),
            "two slices, mul": lambda b, x: b.mul(b.slice(x, [0, 0, 0], [1, 128, 192]), b.slice(x, [0, 0, 192], [1, 128, 192])),
        },
    ),
    Case(
        "slice",
        [(1, 64, 56, 56)],
        {
            "of channels": lambda b, x: b.slice(x, [0, 8, 0, 0], [1, 32, 56, 56]),
        },
        beside={
            "of pixels": lambda b, x: b.slice(x, [0, 0, 1, 1], [1, 64, 54, 54]),
            "every second pixel": lambda b, x: b.slice(x, [0, 0, 0, 0], [1, 64, 56, 56], strides=[1, 1, 2, 2]),
        },
    ),
    Case(
        "concat of two",
        [(1, 64, 56, 56)] * 2,
        {
            "of channels": lambda b, x, y: b.concat([x, y], 1),
        },
        beside={
            "of the last axis": lambda b, x, y: b.concat([x, y], 3),
        },
    ),
    Case(
        "sum over the last axis of float32[1, 12, 128, 128]",
        [(1, 12, 128, 128)],
        {
            "reduceSum": lambda b, x: b.reduceSum(x, axes=[3]),
            "matmul with ones": lambda b, x: b.matmul(x, b.constant(np.ones([128, 1]), "float32")),
        },
        beside={
            "reduceMean": lambda b, x: b.reduceMean(x, axes=[3]),
            "reduceMax": lambda b, x: b.reduceMax(x, axes=[3]),
            "reduceL2": lambda b, x: b.reduceL2(x, axes=[3]),
            "reduceSumSquare": lambda b, x: b.reduceSumSquare(x, axes=[3]),
            "reduceSum(mul(x, x))": lambda b, x: b.reduceSum(b.mul(x, x), axes=[3]),
            "reduceProduct": lambda b, x: b.reduceProduct(x, axes=[3]),
            "reduceLogSumExp": lambda b, x: b.reduceLogSumExp(x, axes=[3]),
            "argMax": lambda b, x: b.argMax(x, 3),
        },
    ),
    Case(
        "sum over the second axis",
        [(1, 64, 56, 56)],
        {
            "reduceSum": lambda b, x: b.reduceSum(x, axes=[1]),
            "of the transpose": lambda b, x: b.reduceSum(b.transpose(x, permutation=[0, 2, 3, 1]), axes=[3]),
            "ones times x": lambda b, x: b.matmul(b.constant(np.ones([1, 64]), "float32"), b.reshape(x, [64, 3136])),
        },
    ),
)

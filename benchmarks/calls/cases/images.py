"""Convolution, pooling, padding, resampling and normalization of images."""

from __future__ import annotations

import numpy as np

from benchmarks.calls.case import Case, DrawingBuilder, drawn
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

IMAGE = [(1, 64, 56, 56)]
SMALL = [(1, 128, 14, 14)]
SIZE, ALPHA = 5, 1e-4


def pooled(b: GraphBuilder, x: Operand) -> Operand:
    n, c, h, w = x.shape
    squares = b.pad(b.reshape(b.mul(x, x), [n, 1, c, h * w]), [0, 0, 2, 0], [0, 0, 2, 0])
    return b.reshape(b.averagePool2d(squares, windowDimensions=[SIZE, 1]), [n, c, h, w])


def added(b: GraphBuilder, x: Operand) -> Operand:
    n, c, h, w = x.shape
    squares = b.pad(b.mul(x, x), [0, 2, 0, 0], [0, 2, 0, 0])
    parts = [b.slice(squares, [0, i, 0, 0], [n, c, h, w]) for i in range(SIZE)]
    pairs = b.add(b.add(parts[0], parts[1]), b.add(parts[2], parts[3]))
    return b.mul(b.add(pairs, parts[4]), 1 / SIZE)


def banded(b: GraphBuilder, x: Operand) -> Operand:
    c = x.shape[1]
    band = np.sum([np.eye(c, k=k) for k in range(-2, 3)], axis=0) / SIZE
    return b.conv2d(b.mul(x, x), b.constant(band.reshape(c, c, 1, 1), "float32"))


def power(b: GraphBuilder, x: Operand) -> Operand:
    return b.pow(b.linear(x, alpha=ALPHA, beta=1.0), 0.75)


def roots(b: GraphBuilder, x: Operand) -> Operand:
    root = b.sqrt(b.linear(x, alpha=ALPHA, beta=1.0))
    return b.mul(root, b.sqrt(root))


def reflected_by_slices(b: GraphBuilder, x: Operand) -> Operand:
    for axis in (2, 3):
        x = b.concat([_turned(b, x, axis, 1), x, _turned(b, x, axis, x.shape[axis] - 2)], axis)
    return x


def _turned(b: GraphBuilder, x: Operand, axis: int, start: int) -> Operand:
    starts = [start if i == axis else 0 for i in range(4)]
    return b.slice(x, starts, [1 if i == axis else n for i, n in enumerate(x.shape)])


def reflected_by_gather(b: GraphBuilder, x: Operand, width: int) -> Operand:
    for axis in (2, 3):
        x = b.gather(x, np.pad(np.arange(x.shape[axis], dtype=np.int32), width, "reflect"), axis=axis)
    return x


def reflected_by_columns(b: GraphBuilder, x: Operand, width: int) -> Operand:
    """Single rows and columns, turned round by concat."""
    for axis in (2, 3):
        n = x.shape[axis]
        before = [_turned(b, x, axis, i) for i in range(width, 0, -1)]
        after = [_turned(b, x, axis, n - 1 - i) for i in range(1, width + 1)]
        x = b.concat([*before, x, *after], axis)
    return x


def reflected_by_reverse(b: GraphBuilder, x: Operand, width: int) -> Operand:
    for axis in (2, 3):
        n = x.shape[axis]

        def piece(start: int, axis: int = axis, x: Operand = x) -> Operand:
            starts = [start if i == axis else 0 for i in range(4)]
            return b.reverse(b.slice(x, starts, [width if i == axis else n for i, n in enumerate(x.shape)]), axes=[axis])

        x = b.concat([piece(1), x, piece(n - 1 - width)], axis)
    return x


def padded_edges(b: GraphBuilder, x: Operand) -> Operand:
    for axis in (2, 3):
        x = b.concat([_turned(b, x, axis, 0), x, _turned(b, x, axis, x.shape[axis] - 1)], axis)
    return x


def cut(b: GraphBuilder, x: Operand, width: int) -> Operand:
    """The image without its borders, so that calls can follow each other."""
    return b.slice(x, [0, 0, width, width], [*x.shape[:2], x.shape[2] - 2 * width, x.shape[3] - 2 * width])


def convolved(*filter_shape: int, **options: object) -> object:
    return lambda b, x: b.conv2d(x, drawn(b, *filter_shape), **options)


def as_pixels(b: DrawingBuilder, channels: int) -> Operand:
    """The filter of a transposed convolution by 2 as one that has a channel for each pixel."""
    return b.reshape(drawn(b, channels, channels, 2, 2, order=[1, 2, 3, 0]), [4 * channels, channels, 1, 1])


def convolved_in_blocks(b: DrawingBuilder, x: Operand, made: int) -> Operand:
    """A row of numbers, ``made`` results at a time: what they read is the channels of a few pixels."""
    taps, step, length = 256, 2, x.shape[3]
    w = b.numbers.uniform(-1, 1, (1, 1, 1, taps)).astype(np.float32).ravel()
    wide, count = made * step, (length - taps) // step + 1
    pixels = -(-((made - 1) * step + taps) // wide)
    filters = np.zeros((made, pixels * wide), np.float32)
    for i in range(made):
        filters[i, i * step : i * step + taps] = w
    blocks = -(-count // made) + pixels - 1
    rows = b.reshape(b.pad(x, [0] * 4, [0, 0, 0, blocks * wide - length]), [1, 1, blocks, wide])
    y = b.conv2d(rows, filters.reshape(made, 1, pixels, wide), inputLayout="nhwc", filterLayout="ohwi")
    return b.slice(b.reshape(y, [1, 1, 1, y.size]), [0] * 4, [1, 1, 1, count])


def inside(size: int) -> np.ndarray:
    """Which part of each window of 3x3 lies in the image."""
    counts = np.array([2, *[3] * (size - 2), 2], np.float32)
    return np.outer(counts, counts)[None, None] / 9


def reflected_padding(width: int) -> Case:
    """So many elements on each side of an image."""
    return Case(
        f"reflected padding by {width}",
        IMAGE,
        {
            "pad": lambda b, x: cut(b, b.pad(x, [0, 0, width, width], [0, 0, width, width], mode="reflection"), width),
            "slices and concat": lambda b, x: cut(b, reflected_by_columns(b, x, width), width),
            "reverse of slices, and concat": lambda b, x: cut(b, reflected_by_reverse(b, x, width), width),
            "gather": lambda b, x: cut(b, reflected_by_gather(b, x, width), width),
        },
    )


CASES = (
    Case(
        "local response normalization",
        IMAGE,
        {
            "averagePool2d over channels, pow": lambda b, x: b.div(x, power(b, pooled(b, x))),
            "averagePool2d, square roots": lambda b, x: b.div(x, roots(b, pooled(b, x))),
            "slices added, square roots": lambda b, x: b.div(x, roots(b, added(b, x))),
            "a banded conv2d, square roots": lambda b, x: b.div(x, roots(b, banded(b, x))),
        },
        chained=True,
    ),
    reflected_padding(1),
    reflected_padding(4),
    Case(
        "edge padding by 1",
        IMAGE,
        {
            "pad": lambda b, x: cut(b, b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1], mode="edge"), 1),
            "slices and concat": lambda b, x: cut(b, padded_edges(b, x), 1),
        },
    ),
    Case(
        "zero padding by 1",
        IMAGE,
        {
            "pad by 1, and conv2d 3x3": lambda b, x: b.conv2d(b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]), drawn(b, 64, 64, 3, 3)),
            "conv2d 3x3 with padding": convolved(64, 64, 3, 3, padding=[1, 1, 1, 1]),
        },
        beside={"pad alone": lambda b, x: cut(b, b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]), 1)},
        chained=True,
    ),
    Case(
        "conv2d 3x3 of 64 channels",
        IMAGE,
        {
            "conv2d": convolved(64, 64, 3, 3, padding=[1, 1, 1, 1]),
            "in nhwc": lambda b, x: b.transpose(
                b.conv2d(
                    b.transpose(x, permutation=[0, 2, 3, 1]),
                    drawn(b, 64, 64, 3, 3, order=[0, 2, 3, 1]),
                    padding=[1] * 4,
                    inputLayout="nhwc",
                    filterLayout="ohwi",
                ),
                permutation=[0, 3, 1, 2],
            ),
        },
        beside={
            "conv2d, relu": lambda b, x: b.relu(b.conv2d(x, drawn(b, 64, 64, 3, 3), padding=[1] * 4)),
            "conv2d, hardSwish": lambda b, x: b.hardSwish(b.conv2d(x, drawn(b, 64, 64, 3, 3), padding=[1] * 4)),
            "conv2d, SiLU": lambda b, x: b.mul(y := b.conv2d(x, drawn(b, 64, 64, 3, 3), padding=[1] * 4), b.sigmoid(y)),
            "conv2d, prelu": lambda b, x: b.prelu(b.conv2d(x, drawn(b, 64, 64, 3, 3), padding=[1] * 4), drawn(b, 64, 1, 1)),
            "conv2d, leakyRelu": lambda b, x: b.leakyRelu(b.conv2d(x, drawn(b, 64, 64, 3, 3), padding=[1] * 4), alpha=0.1),
        },
        chained=True,
    ),
    Case(
        "conv2d 1x1 of 128 channels",
        SMALL,
        {
            "conv2d": convolved(128, 128, 1, 1),
            "matmul": lambda b, x: b.reshape(b.matmul(drawn(b, 128, 128), b.reshape(x, [1, 128, 196])), [1, 128, 14, 14]),
        },
        repeats=12,
        chained=True,
    ),
    Case(
        "depthwise conv2d 3x3",
        IMAGE,
        {"conv2d": convolved(64, 1, 3, 3, padding=[1] * 4, groups=64)},
        {"of 5x5": convolved(64, 1, 5, 5, padding=[2] * 4, groups=64)},
        chained=True,
    ),
    Case(
        "conv2d in 4 groups",
        IMAGE,
        {
            "conv2d": convolved(64, 16, 3, 3, padding=[1] * 4, groups=4),
            "slices, conv2d of each, concat": lambda b, x: b.concat(
                [b.conv2d(b.slice(x, [0, 16 * i, 0, 0], [1, 16, 56, 56]), drawn(b, 16, 16, 3, 3), padding=[1] * 4) for i in range(4)], 1
            ),
        },
        chained=True,
    ),
    Case(
        "conv2d of a sequence (1 x 5)",
        [(1, 64, 1, 1024)],
        {
            "along the width": convolved(64, 64, 1, 5, padding=[0, 0, 2, 2]),
            "along the height": lambda b, x: b.reshape(
                b.conv2d(b.reshape(x, [1, 64, 1024, 1]), drawn(b, 64, 64, 5, 1), padding=[2, 2, 0, 0]), [1, 64, 1, 1024]
            ),
        },
        chained=True,
    ),
    Case(
        "conv2d of one channel (1 x 256), stride 2",
        [(1, 1, 1, 22176)],
        {
            "conv2d": lambda b, x: b.conv2d(x, drawn(b, 1, 1, 1, 256), strides=[1, 2]),
            "16 results at a time": lambda b, x: convolved_in_blocks(b, x, 16),
            "64 results at a time": lambda b, x: convolved_in_blocks(b, x, 64),
        },
        repeats=3,
    ),
    Case(
        "convTranspose2d 2x2, stride 2",
        [(1, 64, 28, 28)],
        {
            "convTranspose2d": lambda b, x: b.convTranspose2d(x, drawn(b, 64, 64, 2, 2), strides=[2, 2]),
            "conv2d 1x1, channels to pixels": lambda b, x: b.reshape(
                b.transpose(b.reshape(b.conv2d(x, as_pixels(b, 64)), [1, 64, 2, 2, 28, 28]), permutation=[0, 1, 4, 2, 5, 3]),
                [1, 64, 56, 56],
            ),
        },
    ),
    Case(
        "convTranspose2d 2x2, stride 2, between images",
        [(1, 24, 80, 80)],
        {
            "convTranspose2d": lambda b, x: b.conv2d(
                b.convTranspose2d(x, drawn(b, 24, 24, 2, 2), strides=[2, 2]), drawn(b, 24, 24, 2, 2), strides=[2, 2]
            ),
            "conv2d 1x1, channels to pixels": lambda b, x: b.conv2d(
                b.reshape(
                    b.transpose(b.reshape(b.conv2d(x, as_pixels(b, 24)), [1, 24, 2, 2, 80, 80]), permutation=[0, 1, 4, 2, 5, 3]),
                    [1, 24, 160, 160],
                ),
                drawn(b, 24, 24, 2, 2),
                strides=[2, 2],
            ),
        },
        chained=True,
    ),
    Case(
        "mean of each image",
        IMAGE,
        {
            "averagePool2d": lambda b, x: b.averagePool2d(x),
            "reduceMean": lambda b, x: b.reduceMean(x, axes=[2, 3], keepDimensions=True),
            "reduceSum, mul": lambda b, x: b.mul(b.reduceSum(x, axes=[2, 3], keepDimensions=True), 1 / 3136),
        },
    ),
    Case(
        "mean of each image, which scales it, between images",
        IMAGE,
        {
            "averagePool2d": lambda b, x: b.maxPool2d(b.mul(x, b.averagePool2d(x)), windowDimensions=[3, 3], padding=[1] * 4),
            "reduceMean": lambda b, x: b.maxPool2d(
                b.mul(x, b.reduceMean(x, axes=[2, 3], keepDimensions=True)), windowDimensions=[3, 3], padding=[1] * 4
            ),
        },
        chained=True,
    ),
    Case(
        "maximum of each image",
        IMAGE,
        {
            "maxPool2d": lambda b, x: b.maxPool2d(x),
            "reduceMax": lambda b, x: b.reduceMax(x, axes=[2, 3], keepDimensions=True),
        },
    ),
    Case(
        "pooling 3x3",
        IMAGE,
        {
            "maxPool2d": lambda b, x: b.maxPool2d(x, windowDimensions=[3, 3]),
        },
        beside={
            "averagePool2d": lambda b, x: b.averagePool2d(x, windowDimensions=[3, 3]),
            "l2Pool2d": lambda b, x: b.l2Pool2d(x, windowDimensions=[3, 3]),
        },
    ),
    Case(
        "pooling 3x3 with padding by 1",
        IMAGE,
        {
            "averagePool2d": lambda b, x: b.averagePool2d(x, windowDimensions=[3, 3], padding=[1] * 4),
            "pad, averagePool2d, div": lambda b, x: b.div(
                b.averagePool2d(b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]), windowDimensions=[3, 3]), inside(56)
            ),
        },
        beside={
            "maxPool2d": lambda b, x: b.maxPool2d(x, windowDimensions=[3, 3], padding=[1] * 4),
            "pad, maxPool2d": lambda b, x: b.maxPool2d(b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1], value=-np.inf), windowDimensions=[3, 3]),
        },
        chained=True,
    ),
    Case(
        "pooling by 2",
        IMAGE,
        {
            "maxPool2d": lambda b, x: b.maxPool2d(x, windowDimensions=[2, 2], strides=[2, 2]),
        },
        beside={
            "averagePool2d": lambda b, x: b.averagePool2d(x, windowDimensions=[2, 2], strides=[2, 2]),
        },
    ),
    Case(
        "twice as large, nearest pixels",
        IMAGE,
        {
            "resample2d": lambda b, x: b.resample2d(x, sizes=[112, 112]),
            "expand": lambda b, x: b.reshape(b.expand(b.reshape(x, [64, 56, 1, 56, 1]), [64, 56, 2, 56, 2]), [1, 64, 112, 112]),
            "mul by ones": lambda b, x: b.reshape(
                b.mul(b.reshape(x, [64, 56, 1, 56, 1]), b.constant(np.ones([1, 1, 2, 1, 2]), "float32")), [1, 64, 112, 112]
            ),
            "mul by ones, rows and columns apart": lambda b, x: b.reshape(
                b.mul(
                    b.reshape(b.mul(b.reshape(x, [64 * 56 * 56, 1]), b.constant(np.ones([1, 2]), "float32")), [64 * 56, 1, 112]),
                    b.constant(np.ones([1, 2, 1]), "float32"),
                ),
                [1, 64, 112, 112],
            ),
            "gather of rows, of columns": lambda b, x: b.gather(
                b.gather(x, b.constant(np.arange(112) // 2, "int32"), axis=2), b.constant(np.arange(112) // 2, "int32"), axis=3
            ),
            "concat twice": lambda b, x: b.reshape(
                b.concat([y := b.reshape(b.concat([z := b.reshape(x, [64, 56, 56, 1]), z], 3), [64, 56, 1, 112]), y], 2), [1, 64, 112, 112]
            ),
        },
    ),
    Case(
        "twice as large, nearest pixels, between images",
        IMAGE,
        {
            "resample2d": lambda b, x: b.maxPool2d(b.resample2d(x, sizes=[112, 112]), windowDimensions=[2, 2], strides=[2, 2]),
            "mul by ones": lambda b, x: b.maxPool2d(
                b.reshape(b.mul(b.reshape(x, [64, 56, 1, 56, 1]), b.constant(np.ones([1, 1, 2, 1, 2]), "float32")), [1, 64, 112, 112]),
                windowDimensions=[2, 2],
                strides=[2, 2],
            ),
        },
        chained=True,
    ),
    Case("twice as large, linear", IMAGE, {"resample2d": lambda b, x: b.resample2d(x, sizes=[112, 112], mode="linear")}),
    Case(
        "instance normalization",
        IMAGE,
        {
            "instanceNormalization": lambda b, x: b.instanceNormalization(x),
            "layerNormalization": lambda b, x: b.layerNormalization(x, axes=[2, 3]),
            "reduceMean, sub, mul, ...": lambda b, x: b.div(
                c := b.sub(x, b.reduceMean(x, axes=[2, 3], keepDimensions=True)),
                b.sqrt(b.add(b.reduceMean(b.mul(c, c), axes=[2, 3], keepDimensions=True), 1e-5)),
            ),
        },
    ),
    Case(
        "instance normalization between images",
        IMAGE,
        {
            "instanceNormalization": lambda b, x: b.conv2d(b.instanceNormalization(x), drawn(b, 64, 1, 3, 3), padding=[1] * 4, groups=64),
            "layerNormalization": lambda b, x: b.conv2d(
                b.layerNormalization(x, axes=[2, 3]), drawn(b, 64, 1, 3, 3), padding=[1] * 4, groups=64
            ),
        },
        chained=True,
    ),
    Case(
        "channel shuffle in 4 groups",
        IMAGE,
        {
            "reshape, transpose, reshape": lambda b, x: b.reshape(
                b.transpose(b.reshape(x, [1, 4, 16, 56, 56]), permutation=[0, 2, 1, 3, 4]), [1, 64, 56, 56]
            ),
            "the same in three dimensions": lambda b, x: b.reshape(
                b.transpose(b.reshape(x, [4, 16, 3136]), permutation=[1, 0, 2]), [1, 64, 56, 56]
            ),
            "gather": lambda b, x: b.gather(x, np.arange(64, dtype=np.int32).reshape(4, 16).T.ravel().copy(), axis=1),
        },
    ),
    Case(
        "pixel shuffle by 2",
        IMAGE,
        {
            "in six dimensions": lambda b, x: b.reshape(
                b.transpose(b.reshape(x, [1, 16, 2, 2, 56, 56]), permutation=[0, 1, 4, 2, 5, 3]), [1, 16, 112, 112]
            ),
            "in five": lambda b, x: b.reshape(
                b.transpose(b.reshape(x, [16, 2, 2, 56, 56]), permutation=[0, 3, 1, 4, 2]), [1, 16, 112, 112]
            ),
        },
    ),
)

"""Graphs that Chromium refuses, or computes wrong, as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

Build: TypeAlias = Callable[[GraphBuilder], dict[str, Operand]]


def _pools() -> Iterator[tuple[str, Build]]:
    for op in ("maxPool2d", "averagePool2d", "l2Pool2d"):
        for layout in ("nchw", "nhwc"):
            for name, options in {
                "padding": {"padding": [1, 1, 1, 1], "strides": [2, 2]},
                "uneven padding": {"padding": [0, 1, 2, 0], "strides": [2, 1]},
                "automatic padding": {"padding": [1, 1, 1, 1]},
                "automatic padding with strides": {"padding": [0, 1, 1, 1], "strides": [2, 1]},
                "overhang": {"strides": [2, 2], "outputShapeRounding": "ceil"},
                "padding and overhang": {"padding": [1, 0, 0, 1], "strides": [3, 2], "outputShapeRounding": "ceil"},
                "sizes": {"padding": [1, 1, 1, 1], "strides": [2, 2], "outputSizes": [4, 4]},
                "dilations": {"dilations": [2, 1], "padding": [1, 1, 0, 0]},
            }.items():
                shape = [1, 2, 6, 6] if layout == "nchw" else [1, 6, 6, 2]

                def build(b: GraphBuilder, op=op, layout=layout, options=options, shape=shape) -> dict[str, Operand]:
                    x = b.sub(b.input("x", "float32", shape), 5.0)  # negative, so that a border of zeros would win
                    return {"y": b.call(op, x, windowDimensions=[3, 3], layout=layout, **options)}

                yield f"{op} {layout} {name}", build


def _rows() -> Iterator[tuple[str, Build]]:
    for name, shape, kernel, options in [
        ("row", [2, 1, 1, 4200], [1, 1, 1, 17], {"padding": [0, 0, 8, 8]}),
        ("row with strides", [1, 1, 1, 9001], [1, 1, 1, 64], {"strides": [2, 5]}),
        ("column", [1, 1, 9000, 1], [1, 1, 32, 1], {"strides": [3, 1], "padding": [31, 0, 0, 0]}),
        ("column in nhwc", [1, 4200, 1, 1], [1, 16, 1, 1], {"inputLayout": "nhwc", "filterLayout": "ohwi"}),
        ("short row", [1, 1, 1, 100], [1, 1, 1, 17], {}),
        ("image", [1, 1, 70, 70], [1, 1, 5, 5], {}),
    ]:

        def build(b: GraphBuilder, shape=shape, kernel=kernel, options=options) -> dict[str, Operand]:
            taps = np.cos(np.arange(np.prod(kernel), dtype=np.float32)).reshape(kernel) / 8
            return {"y": b.conv2d(b.input("x", "float32", shape), b.constant(taps), **options)}

        yield f"conv2d of a {name}", build


def _transposed() -> Iterator[tuple[str, Build]]:
    for name, options in {
        "padding": {"padding": [1, 1, 1, 1], "strides": [2, 2]},
        "output padding": {"padding": [1, 1, 1, 1], "strides": [2, 2], "outputPadding": [1, 1]},
        "output sizes": {"padding": [0, 1, 1, 0], "strides": [2, 2], "outputSizes": [9, 8]},
        "groups": {"groups": 2},
        "dilations": {"dilations": [2, 3]},
        "all": {"padding": [1, 0, 2, 1], "strides": [3, 2], "dilations": [1, 2], "groups": 2, "outputPadding": [2, 1]},
    }.items():
        for layout, filter_layout in (("nchw", "iohw"), ("nhwc", "hwoi"), ("nhwc", "ohwi")):
            for dynamic in (False, True):

                def build(b, options=options, layout=layout, filter_layout=filter_layout, dynamic=dynamic) -> dict[str, Operand]:
                    outputs = 6 // options.get("groups", 1)
                    shape = {"iohw": [4, outputs, 3, 3], "hwoi": [3, 3, outputs, 4], "ohwi": [outputs, 3, 3, 4]}[filter_layout]
                    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
                    w = b.input("w", "float32", shape) if dynamic else b.constant(values)
                    x = b.input("x", "float32", [1, 4, 4, 4])
                    given = {"inputLayout": layout, "filterLayout": filter_layout, "bias": b.input("bias", "float32", [6])}
                    return {"y": b.convTranspose2d(x, w, **given, **options)}

                yield f"convTranspose2d {name} {filter_layout} {'dynamic' if dynamic else 'constant'}", build


def _resampled() -> Iterator[tuple[str, Build]]:
    for mode in ("nearest-neighbor", "linear"):
        for axes in ([2, 3], [1, 2]):
            for options in ({"sizes": [3, 12]}, {"sizes": [4, 5]}, {"scales": [2.0, 2.0]}, {"scales": [0.5, 1.4]}):

                def build(b: GraphBuilder, mode=mode, axes=axes, options=options) -> dict[str, Operand]:
                    return {"y": b.resample2d(b.input("x", "float32", [1, 6, 6, 6]), mode=mode, axes=axes, **options)}

                yield f"resample2d {mode} {axes} {options}", build


def _ranks() -> Iterator[tuple[str, Build]]:
    shape = [2, 1, 3, 2, 1, 2, 2]
    x = {"float32": lambda b: b.input("x", "float32", shape), "uint8": lambda b: b.input("x", "uint8", shape)}
    calls: dict[str, Callable[[GraphBuilder, Operand], Operand]] = {
        "relu": lambda b, x: b.relu(x),
        "clamp": lambda b, x: b.clamp(x, minValue=0, maxValue=1),
        "add broadcast": lambda b, x: b.add(x, b.input("other", "float32", [4, 1, 2, 1, 2, 1])),
        "pow": lambda b, x: b.pow(b.abs(x), b.input("other", "float32", [2])),
        "where": lambda b, x: b.where(b.greater(x, 0), x, b.neg(x)),
        "prelu": lambda b, x: b.prelu(x, b.input("slope", "float32", [3, 2, 1, 2, 2])),
        "softmax": lambda b, x: b.softmax(x, 3),
        "reduceSum": lambda b, x: b.reduceSum(x, axes=[1, 2, 5, 6]),
        "reduceMax keeps": lambda b, x: b.reduceMax(x, axes=[0, 1], keepDimensions=True),
        "concat": lambda b, x: b.concat([x, x], 2),
        "slice": lambda b, x: b.slice(x, [0, 0, 1, 0, 0, 1, 0], [2, 1, 2, 2, 1, 1, 2], strides=[1, 1, 2, 1, 1, 1, 2]),
        "pad": lambda b, x: b.pad(x, [1, 0, 0, 0, 0, 0, 1], [0, 0, 2, 0, 0, 0, 0], value=7),
        "pad edge": lambda b, x: b.pad(x, [1, 0, 0, 0, 0, 0, 1], [0, 0, 2, 0, 0, 0, 0], mode="edge"),
        "transpose": lambda b, x: b.transpose(x, permutation=[6, 1, 2, 3, 0, 4, 5]),
        "transpose all": lambda b, x: b.transpose(x),
        "triangular": lambda b, x: b.triangular(x),
        "matmul": lambda b, x: b.matmul(x, b.input("other", "float32", [1, 2, 1])),
        "batchNormalization": lambda b, x: b.batchNormalization(
            x, b.input("m", "float32", [3]), b.exp(b.input("v", "float32", [3])), axis=2
        ),
        "layerNormalization": lambda b, x: b.layerNormalization(x, axes=[5, 6], scale=b.input("s", "float32", [2, 2])),
        "quantizeLinear": lambda b, x: b.quantizeLinear(
            x, b.constant(np.full((1, 1, 3, 2, 1, 1, 1), 0.5, np.float32)), b.constant(np.zeros((1, 1, 3, 2, 1, 1, 1), np.int8))
        ),
    }
    for name, call in (calls | _more_ranks()).items():
        yield f"rank 7 {name}", lambda b, call=call: {"y": call(b, x["float32"](b))}


def _more_ranks() -> dict[str, Callable[[GraphBuilder, Operand], Operand]]:
    def places(*shape: int, below: int = 2) -> np.ndarray:
        return (np.arange(np.prod(shape)) % below).astype(np.int32).reshape(shape)

    def scattered(b: GraphBuilder, x: Operand) -> Operand:
        updates = b.input("updates", "float32", [2, 1, 2, 1, 2, 2])
        return b.scatterND(
            b.reshape(x, [2, 3, 2, 1, 2, 1, 2]), b.constant(np.array([[0, 2], [1, 0]], np.int32)), b.reshape(updates, [2, 2, 1, 2, 1, 2])
        )

    return {
        "identity": lambda b, x: b.cast(b.cast(x, "int32"), "float32"),
        "add every other": lambda b, x: b.add(
            b.reduceMean(x, axes=[1, 3, 5], keepDimensions=True), b.reduceMax(x, axes=[0, 2, 4, 6], keepDimensions=True)
        ),
        "reduceSum every other": lambda b, x: b.reduceSum(b.reshape(x, [2, 2, 2, 3, 1, 1, 2]), axes=[0, 2, 4, 6]),
        "reduceMean of no axes": lambda b, x: b.reduceMean(x, axes=[]),
        "argMax": lambda b, x: b.argMax(x, 2),
        "argMin keeps": lambda b, x: b.argMin(x, 6, keepDimensions=True),
        "cumulativeSum": lambda b, x: b.cumulativeSum(x, 2, reversed=True),
        "expand": lambda b, x: b.expand(b.reduceSum(x, axes=[0, 2, 3], keepDimensions=True), [2, 2, 3, 2, 2, 2, 2]),
        "expand every other": lambda b, x: b.expand(
            b.reshape(b.slice(x, [0] * 7, [2, 1, 1, 2, 1, 1, 2]), [2, 1, 2, 1, 2, 1, 1]), [2, 3, 2, 2, 2, 3, 2]
        ),
        "tile": lambda b, x: b.tile(x, [1, 2, 1, 2, 1, 1, 3]),
        "reverse": lambda b, x: b.reverse(x, axes=[0, 2, 6]),
        "split": lambda b, x: b.concat(b.split(x, [1, 2], axis=2)[::-1], 2),
        "gather": lambda b, x: b.gather(x, b.constant(places(2, 2, below=3)), axis=2),
        "gather one": lambda b, x: b.gather(x, b.constant(np.array(1, np.int32)), axis=5),
        "gatherElements": lambda b, x: b.gatherElements(x, b.constant(places(2, 1, 2, 2, 1, 2, 2)), axis=2),
        "gatherND": lambda b, x: b.gatherND(x, b.constant(np.array([[0, 0, 2], [1, 0, 1]], np.int32))),
        "scatterElements": lambda b, x: b.scatterElements(
            x, b.constant(places(2, 1, 1, 2, 1, 2, 2)), b.reshape(b.input("u", "float32", [4, 4]), [2, 1, 1, 2, 1, 2, 2]), axis=2
        ),
        "scatterND": scattered,
        "layerNormalization of inner axes": lambda b, x: b.layerNormalization(x, axes=[3, 2], scale=b.input("s", "float32", [2, 3])),
        "linear": lambda b, x: b.linear(x, alpha=2, beta=1),
        "constant": lambda b, x: b.add(x, b.constant(np.arange(48, dtype=np.float32).reshape(2, 1, 3, 2, 1, 2, 2))),
        "batchNormalization of rows": lambda b, x: b.batchNormalization(
            b.reshape(x, [16, 3]), b.input("m", "float32", [3]), b.exp(b.input("v", "float32", [3]))
        ),
        "gather a number": lambda b, x: b.gather(b.reshape(x, [48]), b.constant(np.array(5, np.int32))),
        "gatherND a number": lambda b, x: b.gatherND(b.reshape(x, [16, 3]), b.constant(np.array([5, 1], np.int32))),
    }


def _types() -> Iterator[tuple[str, Build]]:
    calls: dict[str, tuple[str, Callable[[GraphBuilder, Operand], Operand]]] = {
        "clamp": ("int8 uint8 int32 uint32 int64", lambda b, x: b.clamp(x, minValue=2, maxValue=9)),
        "compare": ("int8 uint8 uint32", lambda b, x: b.greater(x, 3)),
        "where": ("uint8", lambda b, x: b.where(b.equal(x, 3), x, b.add(x, 1))),
        "arithmetic": ("int8 uint8", lambda b, x: b.div(b.mul(b.sub(x, 7), 3), 2)),
        "wrapping": ("uint32", lambda b, x: b.mul(b.sub(x, 7), 3)),
        "reduceMax": ("int8 uint8 uint32", lambda b, x: b.reduceMax(x, axes=[1])),
        "reduceL1": ("int64 uint32", lambda b, x: b.reduceL1(x, axes=[1])),
        "reduceSumSquare": ("int64", lambda b, x: b.reduceSumSquare(x, axes=[0])),
        "abs and sign": ("int8 int64", lambda b, x: b.add(b.abs(x), b.sign(b.sub(x, 3)))),
        "argMax": ("int64 uint32", lambda b, x: b.argMax(x, 1)),
        "reverse": ("int64 uint32", lambda b, x: b.reverse(x, axes=[0, 1])),
        "tile": ("int8 uint32", lambda b, x: b.tile(x, [2, 1])),
        "transpose": ("uint32", lambda b, x: b.transpose(x)),
        "triangular": ("int8 uint8", lambda b, x: b.triangular(x)),
        "pad": ("int8 uint32 int64", lambda b, x: b.pad(x, [1, 0], [0, 1], value=5)),
        "cumulativeSum": ("uint32", lambda b, x: b.cumulativeSum(x, 1)),
        "relu": ("int8 int32", lambda b, x: b.relu(b.sub(x, 3))),
        "reduceProduct": ("int32", lambda b, x: b.reduceProduct(b.min(x, 3), axes=[0, 1])),
        "pad edge": ("int32", lambda b, x: b.pad(x, [1, 0], [0, 1], mode="edge")),
        "pad mirror": ("uint8 int32", lambda b, x: b.pad(x, [1, 0], [0, 2], mode="reflection")),
        "triangular below": ("int32", lambda b, x: b.triangular(x, upper=False, diagonal=1)),
        "prelu": ("int8 int32 int64", lambda b, x: b.prelu(b.sub(x, 5), b.constant(np.array(-2), x.data_type))),
    }
    for name, (types, call) in calls.items():
        for data_type in types.split():
            yield f"{data_type} {name}", lambda b, call=call, data_type=data_type: {"y": call(b, b.input("x", data_type, [3, 4]))}


def _int4(b: GraphBuilder) -> dict[str, Operand]:
    x = b.input("x", "float32", [2, 4])
    scale = b.constant(np.full((2, 2), 0.3, np.float32))
    weights = b.constant(np.arange(-8, 8).reshape(4, 4), "int4")
    more = b.constant(np.arange(16).reshape(4, 4), "uint4")
    zero, middle = b.constant(np.zeros((2, 2)), "int4"), b.constant(np.full((2, 2), 8), "uint4")
    through = b.dequantizeLinear(b.quantizeLinear(x, scale, zero), scale, zero)
    unsigned = b.dequantizeLinear(b.quantizeLinear(x, scale, middle), scale, middle)
    w = b.add(b.dequantizeLinear(weights, scale, zero), b.dequantizeLinear(more, scale, middle))
    return {"y": b.matmul(b.add(through, unsigned), w), "cast": b.cast(weights, "float32")}


def _wide_quantized(b: GraphBuilder) -> dict[str, Operand]:
    bias, x = b.input("bias", "int32", [4, 6]), b.input("x", "float32", [4, 6])
    scale, zero = b.constant(np.array([[0.5, 0.25]], np.float32)), b.constant(np.array([[0, 3]], np.int32))
    whole = b.quantizeLinear(b.linear(x, alpha=9), scale, zero)
    return {"real": b.dequantizeLinear(bias, scale, zero), "whole": b.cast(whole, "float32")}


def _lstm(b: GraphBuilder) -> dict[str, Operand]:
    x, w, r = b.input("x", "float32", [3, 2, 4]), b.input("w", "float32", [1, 20, 4]), b.input("r", "float32", [1, 20, 5])
    options = {"bias": b.input("bias", "float32", [1, 20]), "peepholeWeight": b.input("p", "float32", [1, 15]), "layout": "ifgo"}
    h, c, y = b.lstm(x, w, r, 3, 5, returnSequence=True, **options)
    return {"h": h, "c": c, "y": y}


def _lstm_cell(b: GraphBuilder) -> dict[str, Operand]:
    x, w, r = b.input("x", "float32", [2, 4]), b.input("w", "float32", [20, 4]), b.input("r", "float32", [20, 5])
    h, c = b.input("h", "float32", [2, 5]), b.input("c", "float32", [2, 5])
    new_h, new_c = b.lstmCell(x, w, r, h, c, 5, peepholeWeight=b.input("p", "float32", [15]), layout="ifgo")
    return {"new_h": new_h, "new_c": new_c}


def _gather_elements(b: GraphBuilder, data_type: str = "int32") -> dict[str, Operand]:
    x, indices = b.input("x", "float32", [20, 3, 2]), b.input("indices", data_type, [4, 3, 2])
    low = b.sub(b.cast(indices, "int32"), 8)  # negative ones count from the end
    return {"first": b.gatherElements(x, low), "last": b.gatherElements(x, b.constant(np.full((20, 3, 4), -1, np.int64)), axis=2)}


def _scatter_elements(b: GraphBuilder) -> dict[str, Operand]:
    x, updates = b.input("x", "float32", [20, 2]), b.input("updates", "float32", [3, 2])
    column = b.input("column", "int32", [1, 2])
    moving = b.concat([column, b.add(column, 1), b.sub(column, 17)], 0)
    fixed = b.constant(np.array([[1, 2], [1, -1], [0, 2]], np.int32))
    return {"moving": b.scatterElements(x, moving, updates), "fixed": b.scatterElements(x, fixed, updates)}


def _scatter_nd(b: GraphBuilder) -> dict[str, Operand]:
    x, updates = b.input("x", "float32", [4, 3]), b.input("updates", "float32", [3, 3])
    twice = b.constant(np.array([[1], [3], [1]], np.int32))
    one = b.constant(np.array([2, 1], np.int32))
    wide = b.scatterND(
        b.cast(b.abs(x), "uint32"), b.constant(np.array([[0]], np.int64)), b.cast(b.abs(b.slice(updates, [0, 0], [1, 3])), "uint32")
    )
    return {"twice": b.scatterND(x, twice, updates), "scalar": b.scatterND(x, one, b.constant(np.float32(9))), "wide": wide}


def _far_indices(b: GraphBuilder) -> dict[str, Operand]:
    x = b.input("x", "float32", [20, 3])
    rows, places = b.input("rows", "int32", [1, 1, 2, 1, 3]), b.constant(np.array([[1, 2], [3, 0]]).reshape(1, 1, 1, 2, 2))
    updates = b.input("updates", "float32", [1, 1, 1, 2])
    return {"rows": b.gather(x, rows), "places": b.gatherND(x, places), "scattered": b.scatterND(x, places, updates)}


def _sums(b: GraphBuilder) -> dict[str, Operand]:
    x = b.mul(b.input("x", "float32", [2, 5]), 1000.0)
    lowest = b.constant(np.array([[-np.inf, -np.inf], [np.inf, 1]], np.float32))
    some = b.add(b.input("some", "float32", [2, 2]), lowest)
    return {
        "rows": b.reduceLogSumExp(x, axes=[1]),
        "all": b.reduceLogSumExp(x),
        "none": b.reduceLogSumExp(x, axes=[]),
        "infinite": b.reduceLogSumExp(some, axes=[1], keepDimensions=True),
        "softplus": b.softplus(x),
    }


def _gemm(b: GraphBuilder) -> dict[str, Operand]:
    return {"y": b.gemm(b.input("a", "float32", [2, 3]), b.input("b", "float32", [3, 2]), c=b.input("c", "float32", [2]), beta=0)}


def _prelu(b: GraphBuilder) -> dict[str, Operand]:
    return {"y": b.prelu(b.input("x", "float32", [3]), b.input("slope", "float32", [2, 3]))}


def _pads(b: GraphBuilder) -> dict[str, Operand]:
    x, small = b.input("x", "float32", [2, 3]), b.input("small", "int8", [2, 3])
    widths = ([1, 1], [0, 2])
    return {
        "edge": b.pad(x, *widths, mode="edge"),
        "small": b.pad(small, *widths, mode="edge"),
        "mirror": b.pad(small, *widths, mode="reflection"),
        "nothing": b.pad(x, *widths, value=np.nan),
        "no integer": b.pad(b.input("whole", "int32", [2, 3]), *widths, value=2.7),
    }


def _quantized(b: GraphBuilder) -> dict[str, Operand]:
    x, w = b.input("x", "float32", [1, 4, 8, 8]), b.constant(np.arange(-72, 72).reshape(4, 4, 3, 3), "int8")
    one, zero = b.constant(np.full((1, 1, 1, 1), 0.05, np.float32)), b.constant(np.zeros((1, 1, 1, 1)), "int8")
    scales = b.constant(np.linspace(0.01, 0.02, 4, dtype=np.float32).reshape(4, 1, 1, 1))
    zeros = b.constant(np.zeros((4, 1, 1, 1)), "int8")
    kernel = b.constant(np.arange(-18, 18).reshape(4, 1, 3, 3), "int8")
    after = b.quantizeLinear(b.conv2d(x, b.dequantizeLinear(w, one, zero)), b.constant(np.full((1, 1, 1, 1), 0.5, np.float32)), zero)
    per_channel = b.constant(np.linspace(0.05, 0.2, 4, dtype=np.float32).reshape(1, 4, 1, 1))
    turned = b.reshape(b.quantizeLinear(x, per_channel, b.constant(np.zeros((1, 4, 1, 1)), "uint8")), [4, 64])
    table = b.dequantizeLinear(b.constant(np.arange(-12, 12).reshape(4, 6), "int8"), b.reshape(scales, [4, 1]), b.reshape(zeros, [4, 1]))
    tied = b.matmul(b.gather(table, b.input("rows", "int32", [3])), b.transpose(table))
    depthwise = b.conv2d(x, b.dequantizeLinear(kernel, scales, zeros), groups=4)
    return {"after": after, "depthwise": depthwise, "turned": turned, "tied": tied}


def _generalized_mean(b: GraphBuilder) -> dict[str, Operand]:
    w = b.constant(np.linspace(-1, 1, 4 * 2 * 9, dtype=np.float32).reshape(4, 2, 3, 3))
    x = b.clamp(b.relu(b.conv2d(b.input("x", "float32", [1, 2, 6, 6]), w)), minValue=0.1)
    bounded = b.clamp(b.relu(b.conv2d(b.input("z", "float32", [1, 2, 6, 6]), w)), minValue=0.1, maxValue=0.5)
    mean = b.pow(b.averagePool2d(b.pow(x, 3.0), windowDimensions=[4, 4]), 1 / 3)
    return {"mean": mean, "y": b.conv2d(bounded, b.constant(np.ones((1, 4, 1, 1), np.float32)))}


def by_its_largest(b: GraphBuilder) -> dict[str, Operand]:
    """Images that are divided by numbers which are made of them, between windows."""
    x = b.input("x", "float32", [1, 4, 6, 6])
    w = b.constant(np.linspace(-1, 1, 4 * 4 * 9, dtype=np.float32).reshape(4, 4, 3, 3))
    y = b.conv2d(x, w, padding=[1, 1, 1, 1])
    z = b.add(*(b.call(op, y, windowDimensions=[2, 2]) for op in ("maxPool2d", "averagePool2d")))
    parts = [b.conv2d(b.div(image, b.clamp(b.reduceMax(b.abs(image)), minValue=0.5)), w) for image in (y, z)]
    return dict(zip("yz", parts, strict=True))


CASES: dict[str, Build] = {
    **dict(_pools()),
    **dict(_rows()),
    **dict(_transposed()),
    **dict(_resampled()),
    **dict(_ranks()),
    **dict(_types()),
    "int4 and uint4": _int4,
    "int32 quantized": _wide_quantized,
    "lstm ifgo with peepholes": _lstm,
    "lstmCell ifgo with peepholes": _lstm_cell,
    "gatherElements": _gather_elements,
    "gatherElements uint32": lambda b: _gather_elements(b, "uint32"),
    "scatterElements": _scatter_elements,
    "scatterND": _scatter_nd,
    "indices of rank 5": _far_indices,
    "sums of exponentials": _sums,
    "gemm without c": _gemm,
    "prelu with a larger slope": _prelu,
    "pad": _pads,
    "quantized": _quantized,
    "generalized mean": _generalized_mean,
    "images by their largest element": by_its_largest,
}

"""The reference runtime against ONNX Runtime, both on one thread, operator by operator of a ResNet-50 and some others.

The weighted total counts each operator as often as ResNet-50 has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from converters.onnx import convert
from webnn_graph.builder import GraphBuilder
from webnn_graph.runtimes import reference


@dataclass(frozen=True)
class Row:
    """One operator in both spellings; ``shapes`` are those of its operands, the first of which is the graph's input."""

    webnn: str
    onnx: str
    shapes: list[tuple[int, ...]]
    options: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    times: int = 0
    operands: dict[str, int] = field(default_factory=dict)
    """Option operands by name: their place in ``shapes``."""


def conv(channels: int, size: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, times: int = 0) -> Row:
    pad = kernel // 2
    return Row(
        "conv2d",
        "Conv",
        [(1, channels, size, size), (outputs, channels // groups, kernel, kernel), (outputs,)],
        {"padding": [pad] * 4, "strides": [stride] * 2, "groups": groups},
        {"pads": [pad] * 4, "strides": [stride] * 2, "group": groups},
        times,
        {"bias": 2},
    )


def pool(webnn: str, op: str, channels: int, size: int, kernel: int, stride: int, pad: int, times: int = 0) -> Row:
    window = {"windowDimensions": [kernel] * 2, "strides": [stride] * 2, "padding": [pad] * 4}
    return Row(
        webnn, op, [(1, channels, size, size)], window, {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}, times
    )


def stage(size: int, width: int, inputs: int, blocks: int, stride: int) -> list[Row]:
    """The convolutions of one stage of ResNet-50 (version 1.0, which strides in the first of a block)."""
    out = size // stride
    return [
        conv(inputs, size, width, 1, stride, times=1),
        conv(inputs, size, width * 4, 1, stride, times=1),
        conv(width, out, width, 3, times=blocks),
        conv(width, out, width * 4, 1, times=blocks),
        conv(width * 4, out, width, 1, times=blocks - 1),
        Row("add", "Add", [(1, width * 4, out, out)] * 2, times=blocks),
        Row("relu", "Relu", [(1, width * 4, out, out)], times=blocks),
        Row("relu", "Relu", [(1, width, out, out)], times=2 * blocks),
    ]


RESNET50 = [
    conv(3, 224, 64, 7, 2, times=1),
    Row("relu", "Relu", [(1, 64, 112, 112)], times=1),
    pool("maxPool2d", "MaxPool", 64, 112, 3, 2, 1, times=1),
    *stage(56, 64, 64, 3, 1),
    *stage(56, 128, 256, 4, 2),
    *stage(28, 256, 512, 6, 2),
    *stage(14, 512, 1024, 3, 2),
    pool("averagePool2d", "AveragePool", 2048, 7, 7, 1, 0, times=1),
    Row("gemm", "Gemm", [(1, 2048), (1000, 2048), (1000,)], {"bTranspose": True}, {"transB": 1}, 1, {"c": 2}),
    Row("softmax", "Softmax", [(1, 1000)], {"axis": 1}, {"axis": 1}, 1),
]
OTHERS = [
    Row(
        "batchNormalization",
        "BatchNormalization",
        [(1, 256, 56, 56), (256,), (256,), (256,), (256,)],
        operands={"scale": 3, "bias": 4},
    ),
    conv(96, 56, 96, 3, groups=96),
    conv(96, 112, 96, 3, 2, groups=96),
    conv(96, 28, 96, 5, groups=96),
    conv(128, 28, 128, 3, groups=32),
    conv(3, 224, 32, 3, 2),
    pool("averagePool2d", "AveragePool", 256, 28, 2, 2, 0),
    pool("averagePool2d", "AveragePool", 192, 28, 3, 1, 1),
    pool("maxPool2d", "MaxPool", 192, 28, 3, 1, 1),
    Row("matmul", "MatMul", [(1, 12, 128, 64), (1, 12, 64, 128)]),
    Row("matmul", "MatMul", [(1, 128, 384), (384, 1536)]),
    Row("softmax", "Softmax", [(1, 12, 128, 128)], {"axis": 3}, {"axis": 3}),
    Row("gelu", "Gelu", [(1, 128, 1536)]),
    Row("erf", "Erf", [(1, 128, 1536)]),
    Row(
        "layerNormalization",
        "LayerNormalization",
        [(1, 128, 384), (384,), (384,)],
        {"axes": [2]},
        {"axis": 2},
        operands={"scale": 1, "bias": 2},
    ),
]


def measure(call: Callable[[], Any]) -> float:
    """Processor seconds of the fastest of some calls: with one thread that is the time it takes on an idle machine."""
    call()
    best, spent = np.inf, 0.0
    while spent < 0.3:
        start = time.process_time()
        call()
        took = time.process_time() - start
        best, spent = min(best, took), spent + took
    return float(best)


def session_of(row: Row, arrays: list[np.ndarray[Any, Any]]) -> onnxruntime.InferenceSession:
    order = [0, 3, 4, 1, 2] if row.onnx == "BatchNormalization" else range(len(arrays))
    names = [f"i{n}" for n in order]
    node = helper.make_node(row.onnx, names, ["y"], **row.attributes)
    value = helper.make_tensor_value_info("i0", onnx.TensorProto.FLOAT, row.shapes[0])
    result = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    weights = [onnx.numpy_helper.from_array(array, f"i{n}") for n, array in enumerate(arrays) if n]
    graph = helper.make_graph([node], "one", [value], [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def compare(row: Row) -> tuple[float, float]:
    """Seconds of the reference and of ONNX Runtime; their results are the same."""
    random = np.random.default_rng(0)
    arrays = [random.uniform(0.5, 1.5, shape).astype(np.float32) for shape in row.shapes]
    b = GraphBuilder()
    x = b.input("x", "float32", row.shapes[0])
    positional = [x, *(b.constant(array) for n, array in enumerate(arrays) if n and n not in row.operands.values())]
    options = row.options | {name: b.constant(arrays[n]) for name, n in row.operands.items()}
    graph = b.build({"y": b.call(row.webnn, *positional, **options)})
    session = session_of(row, arrays)
    feeds = {"x": arrays[0]}
    expected = session.run(None, {"i0": arrays[0]})[0]
    np.testing.assert_allclose(reference.run(graph, feeds)["y"], expected, rtol=1e-4, atol=1e-4)
    return measure(lambda: reference.run(graph, feeds)), measure(lambda: session.run(None, {"i0": arrays[0]}))


def whole_model(name: str) -> tuple[float, float]:
    """Seconds of the reference and of ONNX Runtime for a model of the onnx package's backend tests."""
    path = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / f"{name}.onnx"
    graph = convert(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    feeds = {x.name: np.random.default_rng(0).random(x.shape).astype(x.data_type.numpy) for x in graph.inputs}
    theirs = dict(zip((x.name for x in session.get_inputs()), feeds.values(), strict=True))
    return measure(lambda: reference.run(graph, feeds)), measure(lambda: session.run(None, theirs))


def main() -> None:
    total = [0.0, 0.0]
    print(f"{'operator':<20}{'operands':<58}{'times':>6}{'ours ms':>10}{'ORT ms':>10}{'ratio':>8}")
    for row in RESNET50 + OTHERS:
        ours, theirs = compare(row)
        total = [total[0] + ours * row.times, total[1] + theirs * row.times]
        shapes = " ".join("x".join(map(str, shape)) for shape in row.shapes[:2])
        notes = "".join(f" {key}={row.options[key]}" for key in ("strides", "groups") if row.options.get(key, 1) not in (1, [1, 1]))
        print(f"{row.webnn:<20}{shapes + notes:<58}{row.times or '':>6}{ours * 1e3:>10.2f}{theirs * 1e3:>10.2f}{ours / theirs:>8.1f}")
    print(f"{'ResNet-50':<84}{total[0] * 1e3:>10.1f}{total[1] * 1e3:>10.1f}{total[0] / total[1]:>8.1f}")
    for name in ("light_resnet50", "light_squeezenet", "light_densenet121"):
        ours, theirs = whole_model(name)
        print(f"{name:<84}{ours * 1e3:>10.1f}{theirs * 1e3:>10.1f}{ours / theirs:>8.1f}")

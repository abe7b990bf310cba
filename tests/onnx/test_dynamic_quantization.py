"""Models that quantize activations by the range that they have, as ONNX Runtime's quantize_dynamic makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from converters.onnx import convert
from webnn_graph import run
from webnn_graph.data_types import Array

RNG = np.random.default_rng(5)
BYTES = {np.int8: (-128, 128), np.uint8: (0, 256)}


def real(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


def whole(kind: type, *shape: int) -> Array:
    return RNG.integers(*BYTES[kind], shape).astype(kind)


@dataclass(frozen=True)
class Row:
    """Activations, quantized by their range, times weights, times both scales.

    Attributes:
        x: What is fed.
        w: The weights.
        w_zero: Their zero point; None for none.
        w_scale: Their scale, for each output channel or one.
        before: Operator that the activation is made of x by.
        product: Operator.
        attributes: Of the product.
        opset: Of the model.
    """

    x: Array
    w: Array
    w_zero: Array | None = None
    w_scale: Array | float = 0.03
    before: str = "Identity"
    product: str = "MatMulInteger"
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 13

    def model(self, *outputs: str) -> onnx.ModelProto:
        """The model; y is the product as floating point, i as int32, q, s and z what the activation becomes."""
        known = {"w": self.w, "ws": np.asarray(self.w_scale, np.float32)} | ({} if self.w_zero is None else {"wz": self.w_zero})
        nodes = [
            helper.make_node(self.before, ["x"], ["a"]),
            helper.make_node("DynamicQuantizeLinear", ["a"], ["q", "s", "z"]),
            helper.make_node(self.product, ["q", "w", "z", "wz" if "wz" in known else ""], ["i"], **self.attributes),
            helper.make_node("Cast", ["i"], ["f"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", ["s", "ws"], ["t"]),
            helper.make_node("Mul", ["f", "t"], ["y"]),
        ]
        inputs = [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, self.x.shape)]
        kinds = {"i": onnx.TensorProto.INT32, "q": onnx.TensorProto.UINT8, "z": onnx.TensorProto.UINT8}
        results = [helper.make_tensor_value_info(name, kinds.get(name, onnx.TensorProto.FLOAT), None) for name in outputs]
        graph = helper.make_graph(nodes, "g", inputs, results, [numpy_helper.from_array(array, name) for name, array in known.items()])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    def right(self, model: onnx.ModelProto) -> list[Array]:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return [np.asarray(result) for result in session.run(None, {"x": self.x})]


conv = partial(Row, product="ConvInteger")
PADDED = {"pads": [1, 0, 1, 2], "strides": [2, 1]}
ROWS = {
    "int8 weights": Row(real(2, 3, 16), whole(np.int8, 16, 5)),
    "int8 weights with a zero point": Row(real(3, 16), whole(np.int8, 16, 5), np.int8(-7)),
    "uint8 weights": Row(real(3, 16), whole(np.uint8, 16, 5), np.uint8(128), opset=11),
    "columns": Row(real(2, 3, 16), whole(np.int8, 16, 5), whole(np.int8, 5), np.abs(real(5)), opset=21),
    "a batch of weights": Row(real(2, 3, 16), whole(np.int8, 2, 16, 5)),
    "a long sum": Row(real(2, 3000), whole(np.int8, 3000, 4)),
    "a long sum of channels": conv(real(1, 900, 3, 4), whole(np.uint8, 4, 900, 3, 3), np.uint8(120)),
    "padding": conv(real(2, 4, 5, 6), whole(np.uint8, 6, 4, 3, 3), np.uint8(131), attributes=PADDED, opset=11),
    "padding of what is far from 0": conv(real(1, 4, 5, 6) + 3, whole(np.int8, 6, 4, 3, 3), np.int8(3), attributes=PADDED),
    "groups": conv(real(1, 4, 5, 6), whole(np.int8, 6, 2, 3, 3), attributes={"group": 2, "dilations": [2, 1]}),
    "filters": conv(real(1, 4, 5, 6), whole(np.int8, 6, 4, 3, 3), None, np.abs(real(1, 6, 1, 1)), attributes={"auto_pad": "SAME_UPPER"}),
    "a filter each": conv(real(1, 4, 5, 6), whole(np.uint8, 4, 1, 3, 3), np.uint8(99), attributes={"group": 4}),
    "one dimension": conv(real(2, 4, 9), whole(np.int8, 6, 4, 3), attributes={"pads": [1, 1]}),
    "relu": conv(real(1, 4, 5, 6), whole(np.uint8, 6, 4, 1, 1), np.uint8(128), before="Relu"),
    "sigmoid": Row(real(3, 16), whole(np.int8, 16, 5), before="Sigmoid"),
    "positive": Row(np.abs(real(3, 16)) + 1, whole(np.int8, 16, 5)),
    "negative": Row(-np.abs(real(3, 16)) - 1, whole(np.int8, 16, 5)),
    "zeros": Row(np.zeros((3, 16), np.float32), whole(np.int8, 16, 5)),
    "ends between integers": Row(np.clip(999 * real(3, 16), -255, 255), whole(np.int8, 16, 5)),
    "other ends between integers": Row(np.clip(999 * real(3, 16), -27, 483), whole(np.int8, 16, 5)),
    "small": Row(real(3, 16) * np.float32(1e-30), whole(np.int8, 16, 5)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_no_integers_are_left(row: Row) -> None:
    model = row.model("y")
    graph = convert(model)
    assert not {"quantizeLinear", "cast"} & {node.op for node in graph.nodes}
    assert sum(node.op in ("matmul", "conv2d") for node in graph.nodes) == 1
    (right,) = row.right(model)
    np.testing.assert_allclose(run(graph, {"x": row.x})["y"], right, rtol=1e-6, atol=1e-6 * float(np.abs(right).max()))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_integers_that_are_read_are_exact(row: Row) -> None:
    model = row.model("y", "i", "q", "z")
    got = run(convert(model), {"x": row.x})
    y, *integers = row.right(model)
    np.testing.assert_allclose(got["y"], y, rtol=1e-6, atol=1e-6 * float(np.abs(y).max()))
    for name, right in zip("iqz", integers, strict=True):
        np.testing.assert_array_equal(got[name], right)

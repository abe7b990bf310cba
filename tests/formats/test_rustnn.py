"""Files that rustnn itself loads and computes as the reference does, in both forms.

Without a target, graphs have no operand options that it knows by number only and nothing that needs a shape it does not infer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

import cli
from webnn_graph import GraphBuilder, run, save
from webnn_graph.graph import Operand
from webnn_graph.metadata import Embedding, Image, Metadata
from webnn_graph.targets import RUSTNN, legalize, load_target
from webnn_graph.targets.target import STANDARD

webnn = pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytestmark = pytest.mark.rustnn

RANDOM = np.random.default_rng(7)


def weight(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def convolution(b: GraphBuilder, x: Operand) -> Operand:
    with b.source('features.0/conv "3x3" # first :: layer'):
        y = b.conv2d(x, weight(4, 3, 3, 3), bias=weight(4), padding=[1, 1, 1, 1], strides=[2, 2])
    y = b.convTranspose2d(b.relu(y), weight(4, 2, 2, 2), bias=weight(2), strides=[2, 2])
    y = b.clamp(b.averagePool2d(y, windowDimensions=[2, 2], strides=[2, 2]), minValue=-np.inf, maxValue=6)
    return b.softmax(b.reshape(y, [2, -(-y.size // 2)]), 1)


def shapes(b: GraphBuilder, x: Operand) -> Operand:
    y = b.reshape(b.transpose(b.slice(x, [0, 0, 1, 1], [1, 3, 6, 6]), permutation=[0, 2, 3, 1]), [36, 3])
    rows = b.gather(b.tile(b.reshape(x, [3, 64]), [2, 1]), np.int32([3, 1, 0]), axis=0)
    left, right = b.split(rows, 2, axis=1)
    return b.matmul(y, b.concat([right, left], 1))


def numbers(b: GraphBuilder, x: Operand) -> Operand:
    y = b.pad(x, [0, 0, 1, 1], [0, 0, 0, 2], value=0.125)
    y = b.add(b.mul(y, 0.1), np.float32([[[[-0.5]], [[2.0]], [[np.pi]]]]))
    y = b.where(b.greater(y, 0.25), b.exp(b.neg(y)), b.elu(y, alpha=0.3))
    y = b.leakyRelu(b.hardSigmoid(b.linear(y, alpha=2.5, beta=-1), alpha=0.3, beta=0.4), alpha=0.2)
    y = b.reduceSum(y, axes=[2], keepDimensions=True)
    return b.cast(b.cast(y, "float16"), "float32")


def integers(b: GraphBuilder, x: Operand) -> Operand:
    best = b.argMax(b.reshape(x, [12, 16]), 1)
    return b.add(b.mul(best, np.int32(3)), np.arange(12, dtype=np.int32) - 6)


def quantized(b: GraphBuilder, x: Operand) -> Operand:
    scale, zero = np.full((1, 1, 1, 1), 0.02, np.float32), np.full((1, 1, 1, 1), 3, np.int8)
    return b.dequantizeLinear(b.quantizeLinear(x, scale, zero), scale, zero)


def recurrent(b: GraphBuilder, x: Operand) -> Operand:
    step, state = b.reshape(x, [12, 16]), np.zeros((12, 2), np.float32)
    return b.gruCell(step, weight(6, 16), weight(6, 2), state, 2, bias=weight(6), recurrentBias=weight(6))


def options(b: GraphBuilder, x: Operand) -> Operand:
    with b.source("/one/label for many"):
        y = b.layerNormalization(b.elu(x), axes=[3, 2], scale=weight(8, 8), bias=weight(8, 8))
        y = b.instanceNormalization(y, scale=weight(3), epsilon=1e-3)
        y = b.pad(b.batchNormalization(y, weight(3), np.ones(3, np.float32), bias=weight(3)), [0] * 4, [0, 0, 1, 0], mode="edge")
        _, _, y = b.lstm(b.reshape(y, [3, 9, 8]), weight(2, 20, 8), weight(2, 20, 5), 3, 5, direction="both", returnSequence=True)
        left, right = b.split(b.gru(b.reshape(y, [3, 18, 5]), weight(1, 6, 5), weight(1, 6, 2), 3, 2, bias=weight(1, 6))[0], 2, axis=1)
        return b.gemm(b.reshape(left, [9, 2]), b.reshape(right, [9, 2]), c=weight(9), beta=0.5, bTranspose=True)


DESCRIBED = Metadata(task="image-classification", tensors={"x": Image(mean=(0.5,)), "result": Embedding(pooling="mean")})
"""What rustnn passes over, whatever it says."""
STANDARD_FORM = [convolution, shapes, numbers, integers, quantized, recurrent]


@pytest.mark.parametrize("suffix", [".webnn", ".json"])
@pytest.mark.parametrize(
    ("model", "target"), [*((model, STANDARD) for model in STANDARD_FORM), *((model, RUSTNN) for model in (*STANDARD_FORM, options))]
)
def test_rustnn_computes_the_same(tmp_path: Path, model: Callable[[GraphBuilder, Operand], Operand], target: str, suffix: str) -> None:
    b = GraphBuilder(model.__name__)
    graph = replace(b.build({"result": model(b, b.input("x", "float32", [1, 3, 8, 8]))}), metadata=DESCRIBED.document())
    save(legalize(graph, load_target(target)), tmp_path / f"model{suffix}")
    feeds = {"x": np.random.default_rng(1).normal(size=(1, 3, 8, 8)).astype(np.float32)}
    context = webnn.ML().create_context(device_type="cpu")
    computed = context.compute(webnn.MLGraph.load(str(tmp_path / f"model{suffix}")), feeds)["result"]
    expected = run(graph, feeds)["result"]
    assert expected.std() > 0
    np.testing.assert_allclose(np.asarray(computed).reshape(expected.shape), expected, rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------------------------------------------- what takes --target
def onnx_model(op: str, inputs: dict[str, list[int]], outputs: list[str], **attributes: Any) -> onnx.ModelProto:
    """A model of one node, of which all inputs but the first are weights."""
    first, *rest = inputs
    graph = helper.make_graph(
        [helper.make_node(op, [*inputs], outputs, op, **attributes)],
        op,
        [helper.make_tensor_value_info(first, TensorProto.FLOAT, inputs[first])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(weight(*inputs[name]), name) for name in rest],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


DEFAULT_FORMS = {
    "operand options": onnx_model("LayerNormalization", {"x": [3, 8], "scale": [8], "bias": [8]}, ["y"]),
    "a product and c": onnx_model("Gemm", {"x": [3, 8], "w": [8, 5], "c": [5]}, ["y"], alpha=0.5),
    "gru": onnx_model("GRU", {"x": [4, 2, 6], "w": [1, 15, 6], "r": [1, 15, 5]}, ["y", "h"], hidden_size=5),
    "lstm": onnx_model("LSTM", {"x": [4, 2, 6], "w": [1, 20, 6], "r": [1, 20, 5], "b": [1, 40]}, ["y", "h", "c"], hidden_size=5),
}


@pytest.mark.parametrize("suffix", ["webnn", "json"])
@pytest.mark.parametrize("model", DEFAULT_FORMS.values(), ids=DEFAULT_FORMS)
def test_the_default_form_is_wrong_and_that_for_rustnn_is_right(tmp_path: Path, model: onnx.ModelProto, suffix: str) -> None:
    """docs/tasks/check-targets.md says so. When the first half fails, rustnn has mended it, and the page is to say that."""
    onnx.save(model, tmp_path / "m.onnx")
    feeds = {"x": np.random.default_rng(2).normal(size=[d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim])}
    feeds = {"x": feeds["x"].astype(np.float32)}
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    names = [output.name for output in model.graph.output]
    right = dict(zip(names, session.run(names, feeds), strict=True))

    def convert(name: str, *options: str) -> Path:
        arguments = [str(tmp_path / "m.onnx"), "-o", str(tmp_path), "--name", name, "--format", suffix, *options]
        assert CliRunner().invoke(cli.onnx2webnn, arguments).exit_code == 0
        return tmp_path / f"{name}.{suffix}"

    def check(file: Path) -> None:
        context = webnn.ML().create_context(device_type="cpu")
        made = context.compute(webnn.MLGraph.load(str(file)), feeds)
        for name, expected in right.items():
            np.testing.assert_allclose(np.asarray(made[name]).reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)

    check(convert("legal", "--target", "rustnn"))
    default = convert("default")
    with pytest.raises((AssertionError, ValueError, RuntimeError)):
        check(default)

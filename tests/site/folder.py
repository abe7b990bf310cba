"""The folder in which the examples of the documentation run: tiny models, the same in each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MANIFEST = """[classifier]
source = "file:classifier.onnx"
dims = { batch = 1 }
tags = ["vision"]

[encoder]
source = "file:encoder.onnx"
dims = { batch = 1, sequence = 16 }

[detector]
source = "file:detector.onnx"
tags = ["vision"]
"""
"""A zoo of these models, as docs/tasks/use-the-zoo.md shows it."""
OPSETS = [helper.make_opsetid("", 17)]


def fill(folder: Path) -> None:
    """Puts the models, and the manifest of a zoo, into a folder."""
    (folder / "webnn.toml").write_text(MANIFEST)
    for name, model in (
        ("classifier", classifier()),
        ("detector", detector()),
        ("encoder", encoder()),
        ("random", random()),
        ("ranker", ranker()),
    ):
        onnx.save(model, folder / f"{name}.onnx")


def _weights(**shapes: tuple[int, ...]) -> list[onnx.TensorProto]:
    generator = np.random.default_rng(7)
    return [numpy_helper.from_array(generator.standard_normal(shape).astype(np.float32), name) for name, shape in shapes.items()]


def _float(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    name: str,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: list[onnx.TensorProto],
) -> onnx.ModelProto:
    return helper.make_model(helper.make_graph(nodes, name, inputs, outputs, weights), opset_imports=OPSETS, ir_version=8)


def classifier() -> onnx.ModelProto:
    """Ten scores for images [batch, 3, 32, 32]."""
    nodes = [
        helper.make_node("Conv", ["image", "stem.weight", "stem.bias"], ["stem"], "/stem/Conv", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["stem"], ["features"], "/stem/Relu"),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"], "/pool/GlobalAveragePool"),
        helper.make_node("Flatten", ["pooled"], ["flat"], "/pool/Flatten"),
        helper.make_node("Gemm", ["flat", "head.weight", "head.bias"], ["logits"], "/head/Gemm", transB=1),
    ]
    weights = _weights(**{"stem.weight": (8, 3, 3, 3), "stem.bias": (8,), "head.weight": (10, 8), "head.bias": (10,)})
    return _model("classifier", nodes, [_float("image", "batch", 3, 32, 32)], [_float("logits", "batch", 10)], weights)


def detector() -> onnx.ModelProto:
    """Boxes of images [1, 3, 32, 32], of which non-maximum suppression selects some: how many depends on the image."""
    nodes = [
        helper.make_node("Conv", ["image", "weight"], ["cells"], "/backbone/Conv", strides=[8, 8]),
        helper.make_node("Reshape", ["cells", "shape"], ["rows"], "/head/Reshape"),
        helper.make_node("Split", ["rows", "parts"], ["boxes", "scores"], "/head/Split", axis=1),
        helper.make_node("Transpose", ["boxes"], ["corners"], "/head/Transpose", perm=[0, 2, 1]),
        helper.make_node("NonMaxSuppression", ["corners", "scores", "count", "overlap"], ["selected"], "/head/NMS"),
    ]
    numbers = [
        numpy_helper.from_array(np.int64([1, 5, 16]), "shape"),
        numpy_helper.from_array(np.int64([4, 1]), "parts"),
        numpy_helper.from_array(np.int64([10]), "count"),
        numpy_helper.from_array(np.float32([0.5]), "overlap"),
    ]
    selected = helper.make_tensor_value_info("selected", TensorProto.INT64, ["n", 3])
    return _model("detector", nodes, [_float("image", 1, 3, 32, 32)], [selected], [*_weights(weight=(5, 3, 8, 8)), *numbers])


def encoder() -> onnx.ModelProto:
    """A vector for each of ``sequence`` tokens."""
    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "sequence"])
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["embedded"], "/embed/Gather"),
        helper.make_node("MatMul", ["embedded", "weight"], ["vectors"], "/project/MatMul"),
    ]
    return _model("encoder", nodes, [tokens], [_float("vectors", "batch", "sequence", 4)], _weights(table=(100, 8), weight=(8, 4)))


def random() -> onnx.ModelProto:
    """An image with noise."""
    nodes = [
        helper.make_node("RandomNormalLike", ["image"], ["noise"], "/noise/RandomNormalLike"),
        helper.make_node("Add", ["image", "noise"], ["noisy"], "/noise/Add"),
    ]
    return _model("random", nodes, [_float("image", 1, 3, 4, 4)], [_float("noisy", 1, 3, 4, 4)], [])


def ranker() -> onnx.ModelProto:
    """A score for each of 32 items, with weights that are worth fewer bits."""
    nodes = [
        helper.make_node("MatMul", ["user", "mix.weight"], ["mixed"], "/mix/MatMul"),
        helper.make_node("Tanh", ["mixed"], ["hidden"], "/mix/Tanh"),
        helper.make_node("MatMul", ["hidden", "score.weight"], ["scores"], "/score/MatMul"),
    ]
    weights = _weights(**{"mix.weight": (64, 64), "score.weight": (64, 32)})
    return _model("ranker", nodes, [_float("user", 1, 64)], [_float("scores", 1, 32)], weights)

"""An ONNX model in which random nodes read their numbers from inputs, so that they can be given to it and to its conversion alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from converters.onnx.reading.inference import inferred_types
from converters.onnx.reading.order import needed_nodes
from converters.random_numbers import SUFFIX

STANDARD = ("", "ai.onnx")


def noise_of(node: onnx.NodeProto) -> str:
    """What the input is called that a random node reads its numbers from."""
    return next(filter(None, node.output)) + SUFFIX


def with_noise(model: onnx.ModelProto, outputs: Sequence[str], inputs: Sequence[str]) -> None:
    """Makes each random node of the model's own graph arithmetic on an input of random numbers, which comes behind the others.

    Opset 13 or newer is taken for granted; in an older one, nodes that are newer are refused by whoever runs the model.

    Args:
        model: It is changed. Its nodes are in topological order.
        outputs: Where it ends: nodes that these do not need stay as they are.
        inputs: Tensors at which it begins; empty for its own inputs.
    """
    graph = model.graph
    if not any(_is_random(node, {}) for node in graph.node):
        return
    given = {*inputs, *(info.name for info in graph.input), *(tensor.name for tensor in graph.initializer)}
    needed = {next(filter(None, node.output), "") for node in needed_nodes(graph.node, outputs, given)}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    constants |= {
        node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant" and node.attribute[0].HasField("t")
    }
    types = {name: info.type.tensor_type.elem_type for name, info in inferred_types(model).items()}
    types |= {name: tensor.data_type for name, tensor in constants.items()}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if next(filter(None, node.output), "") not in needed or not _is_random(node, constants):
            nodes.append(node)
            continue
        writer = _Writer(node, types, constants)
        REWRITTEN[node.op_type](writer)
        nodes += writer.nodes
        graph.initializer.extend(writer.weights)
        graph.input.append(helper.make_tensor_value_info(noise_of(node), writer.noise_type, None))
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)


def _is_random(node: onnx.NodeProto, constants: Mapping[str, TensorProto]) -> bool:
    if node.domain not in STANDARD or node.op_type not in REWRITTEN:
        return False
    if node.op_type != "Dropout":
        return True
    if len(node.input) < 3 or not node.input[2]:
        return any(attribute.name == "is_test" and not attribute.i for attribute in node.attribute)
    flag = constants.get(node.input[2])
    return flag is None or bool(numpy_helper.to_array(flag).any())


class _Writer:
    """The nodes that stand for a random one."""

    def __init__(self, node: onnx.NodeProto, types: Mapping[str, int], constants: Mapping[str, TensorProto]) -> None:
        self.node = node
        self.attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.noise = noise_of(node)
        like = types.get(node.input[0], TensorProto.FLOAT) if node.input else TensorProto.FLOAT
        self.result_type = int(self.attributes.get("dtype", 0)) or (TensorProto.INT32 if node.op_type == "Multinomial" else like)
        drawn_as = self.result_type if node.op_type.startswith("Random") else like
        self.noise_type = drawn_as if drawn_as in (TensorProto.FLOAT16, TensorProto.DOUBLE) else TensorProto.FLOAT
        self._constants = constants

    def constant(self, value: Any, onnx_type: int = 0) -> str:
        name = f"{self.noise}_{len(self.weights)}"
        dtype = helper.tensor_dtype_to_np_dtype(onnx_type or self.noise_type)
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def call(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{self.noise}_{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def cast(self, value: str, onnx_type: int, output: str = "") -> str:
        return self.call("Cast", value, output=output, to=onnx_type)

    def number(self, index: int, default: float) -> float:
        """The value of an input that is constant."""
        stored = self._constants.get(self.node.input[index]) if index < len(self.node.input) else None
        return default if stored is None else float(numpy_helper.to_array(stored).item())


def _scaled(scale: Callable[[Mapping[str, Any]], tuple[float, float]]) -> Callable[[_Writer], None]:
    def write(w: _Writer) -> None:
        factor, offset = scale(w.attributes)
        spread = w.call("Mul", w.noise, w.constant(factor))
        w.cast(w.call("Add", spread, w.constant(offset)), w.result_type, w.node.output[0])

    return write


def _bernoulli(w: _Writer) -> None:
    w.cast(w.call("Less", w.noise, w.node.input[0]), w.result_type, w.node.output[0])


def _multinomial(w: _Writer) -> None:
    sums = w.call("CumSum", w.call("Softmax", w.node.input[0], axis=1), w.constant(1, TensorProto.INT64))
    rows = w.call("Unsqueeze", sums, w.constant([1], TensorProto.INT64))
    below = w.call("LessOrEqual", rows, w.call("Unsqueeze", w.noise, w.constant([2], TensorProto.INT64)))
    counted = w.call("ReduceSum", w.cast(below, TensorProto.INT32), w.constant([2], TensorProto.INT64), keepdims=0)
    w.cast(counted, w.result_type, w.node.output[0])


def _dropout(w: _Writer) -> None:
    ratio = float(w.attributes.get("ratio", w.number(1, 0.5)))
    kept = w.call("GreaterOrEqual", w.noise, w.constant(ratio))
    larger = w.call("Mul", w.node.input[0], w.constant(1 / (1 - ratio) if ratio < 1 else 0))
    w.call("Where", kept, larger, w.constant(0), output=w.node.output[0])
    if len(w.node.output) > 1 and w.node.output[1]:
        w.call("Identity", kept, output=w.node.output[1])


_NORMAL = _scaled(lambda given: (given.get("scale", 1.0), given.get("mean", 0.0)))
_UNIFORM = _scaled(lambda given: (given.get("high", 1.0) - given.get("low", 0.0), given.get("low", 0.0)))
REWRITTEN: Mapping[str, Callable[[_Writer], None]] = {
    "RandomNormal": _NORMAL,
    "RandomNormalLike": _NORMAL,
    "RandomUniform": _UNIFORM,
    "RandomUniformLike": _UNIFORM,
    "Bernoulli": _bernoulli,
    "Multinomial": _multinomial,
    "Dropout": _dropout,
}
"""By operator, what writes the nodes that stand for it."""

"""Models of any number of nodes and bytes: chains, stacks of transformer layers as exporters spell them, and large products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET = 17
WIDTH = 32
HEADS = 4
TOKENS = 8
CHAIN = ("Relu", "Add", "Sigmoid", "Mul", "Tanh", "MatMul")
"""The nodes of a chain, over and over; those of two operands read a weight of their own."""


class Writer:
    """A graph in the making. Each method adds nodes and returns the name of the result."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)

    def call(self, op: str, *inputs: str, **attributes: Any) -> str:
        """One node."""
        result = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [result], name=f"/{op}_{len(self.nodes)}", **attributes))
        return result

    def weight(self, *shape: int) -> str:
        """Random numbers of this shape."""
        return self.constant(self._random.standard_normal(shape, np.float32) * (shape[0] if shape else 1) ** -0.5)

    def constant(self, values: Any) -> str:
        """These numbers."""
        self.weights.append(onnx.numpy_helper.from_array(np.asarray(values), f"weight_{len(self.weights)}"))
        return self.weights[-1].name

    def model(self, shape: Sequence[int], result: str) -> onnx.ModelProto:
        """The model with one input ``x`` of this shape, and this result as ``y``, of the same shape."""
        self.nodes.append(helper.make_node("Identity", [result], ["y"]))
        x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy")
        graph = helper.make_graph(self.nodes, self.name, [x], [y], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def chain(nodes: int) -> onnx.ModelProto:
    """So many nodes, one behind the other."""
    w = Writer("chain")
    x = "x"
    for i in range(nodes):
        op = CHAIN[i % len(CHAIN)]
        others = {"MatMul": [(WIDTH, WIDTH)], "Add": [(WIDTH,)], "Mul": [(WIDTH,)]}.get(op, [])
        x = w.call(op, x, *(w.weight(*shape) for shape in others))
    return w.model([TOKENS, WIDTH], x)


def transformer(nodes: int) -> onnx.ModelProto:
    """As many whole layers as have at most so many nodes; at least one."""
    w = Writer("transformer")
    x = _layer(w, "x")
    for _ in range(nodes // len(w.nodes) - 1):
        x = _layer(w, x)
    return w.model([1, TOKENS, WIDTH], x)


def _layer(w: Writer, x: str) -> str:
    """Attention and a perceptron, with everything spelt out that exporters of older opsets spell out."""
    normal = _normalized(w, x)
    query, key, value = (_heads(w, _linear(w, normal, WIDTH, WIDTH)) for _ in range(3))
    scores = w.call("Div", w.call("MatMul", query, w.call("Transpose", key, perm=[0, 1, 3, 2])), w.constant(np.float32(2.5)))
    read = w.call("Transpose", w.call("MatMul", w.call("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
    x = w.call("Add", x, _linear(w, w.call("Reshape", read, w.constant([1, TOKENS, WIDTH])), WIDTH, WIDTH))
    wide = _linear(w, _normalized(w, x), WIDTH, 4 * WIDTH)
    erf = w.call("Erf", w.call("Div", wide, w.constant(np.float32(2**0.5))))
    gelu = w.call("Mul", w.call("Mul", wide, w.call("Add", erf, w.constant(np.float32(1)))), w.constant(np.float32(0.5)))
    return w.call("Add", x, _linear(w, gelu, 4 * WIDTH, WIDTH))


def _normalized(w: Writer, x: str) -> str:
    centred = w.call("Sub", x, w.call("ReduceMean", x, axes=[-1]))
    variance = w.call("ReduceMean", w.call("Pow", centred, w.constant(np.float32(2))), axes=[-1])
    deviation = w.call("Sqrt", w.call("Add", variance, w.constant(np.float32(1e-5))))
    return w.call("Add", w.call("Mul", w.call("Div", centred, deviation), w.weight(WIDTH)), w.weight(WIDTH))


def _linear(w: Writer, x: str, inputs: int, outputs: int) -> str:
    return w.call("Add", w.call("MatMul", x, w.weight(inputs, outputs)), w.weight(outputs))


def _heads(w: Writer, x: str) -> str:
    shape = w.constant([1, TOKENS, HEADS, WIDTH // HEADS])
    return w.call("Transpose", w.call("Reshape", x, shape), perm=[0, 2, 1, 3])


def products(count: int, width: int) -> onnx.ModelProto:
    """A chain of so many products with square weights, all of them in the model."""
    w = Writer("products")
    x = "x"
    for _ in range(count):
        x = w.call("MatMul", x, w.weight(width, width))
    return w.model([1, width], x)


KINDS = {"chain": chain, "transformer": transformer}
"""Models by what they are made of."""

"""Weights for models that ship without: architectures whose weights are filled with one number compare next to nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from webnn_graph.data_types import Array

VARIANCE = 4
"""Which input of BatchNormalization is the variance; 1 is the scale."""


def with_random_weights(path: Path) -> onnx.ModelProto:
    """The model with random weights in the place of those that ConstantOfShape makes, the same at every call.

    They are scaled so that values neither vanish nor explode on their way through the layers.
    """
    model = onnx.load(str(path))
    graph = model.graph
    random = np.random.default_rng(0)
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    role = {name: (node.op_type, index) for node in graph.node for index, name in enumerate(node.input)}
    kept = []
    for node in graph.node:
        shape = shapes.get(node.input[0]) if node.op_type == "ConstantOfShape" else None
        if shape is None:
            kept.append(node)
            continue
        weight = _weight(random, tuple(map(int, shape)), *role.get(node.output[0], ("", 0)))
        graph.initializer.append(numpy_helper.from_array(weight, node.output[0]))
    del graph.node[:]
    graph.node.extend(kept)
    model.ir_version = max(model.ir_version, 4)  # from then on initializers need not be inputs
    return model


def _weight(random: np.random.Generator, shape: tuple[int, ...], operator: str, index: int) -> Array:
    if operator == "BatchNormalization" and index in (1, VARIANCE):
        return random.uniform(0.5, 1.0, shape).astype(np.float32)
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 400
    return (random.standard_normal(shape) * math.sqrt(2 / fan_in)).astype(np.float32)

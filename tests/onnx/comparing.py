"""Comparing what became of a case of ONNX's suite with what ONNX expects, and with what ONNX Runtime makes of the same numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime

from converters.onnx.convert import convert
from converters.onnx.source import OnnxModel
from tests.onnx.suite import SuiteCase
from webnn_graph import run
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph
from webnn_graph.names import identifier

TOLERANCES = {"float16": (5e-3, 1e-3), "float32": (1e-3, 1e-5)}


def failure(case: SuiteCase, right: Mapping[str, Array] | None = None) -> str:
    """Why the case does not pass; empty when it does. What is ``right`` are the case's own outputs by default."""
    inputs = case.inputs
    try:
        graph = convert(case.model, shapes={name: array.shape for name, array in inputs.items()})
    except WebNNError as error:
        return f"refused: {' '.join(str(error).split())}"
    got = run(graph, {operand.name: inputs[name] for operand, name in zip(graph.inputs, _in_order(inputs, graph), strict=True)})
    for operand, (name, expected) in zip(graph.outputs, (right or case.outputs).items(), strict=True):
        actual = got[operand.name]
        differs = operand.data_type.is_float and actual.shape == expected.shape and not near(actual, expected).all()
        if differs and decided_by_rounding(case.model, inputs, name):
            continue
        if actual.shape != expected.shape:
            return f"output {name} has shape {actual.shape}, expected {expected.shape}"
        if operand.data_type != expected.dtype.name:
            return f"output {name} is {operand.data_type}, expected {expected.dtype.name}"
        close = near(actual, expected)
        if not close.all():
            at = tuple(int(i) for i in np.argwhere(~close)[0])
            return f"output {name}: {(~close).sum()} of {close.size} differ, at {at} {actual[at]} instead of {expected[at]}"
    return ""


def near(actual: Array, expected: Array) -> Array:
    """Where two tensors of one shape are alike."""
    if expected.dtype.kind != "f":
        return np.asarray(actual == expected)
    rtol, atol = TOLERANCES[expected.dtype.name]
    return np.isclose(actual.astype(np.float64), expected.astype(np.float64), rtol=rtol, atol=atol, equal_nan=True)


def decided_by_rounding(model: onnx.ModelProto, inputs: Mapping[str, Array], name: str) -> bool:
    """Whether a tensor that differs is made by a node that rounding decides, of tensors that are right themselves.

    ONNX Runtime is compared with itself: on a node's inputs, and on the same moved by a few units in the last place, as another
    order of summation moves them. Where its results differ by more than the tolerance, the tensors before the node are compared.
    """
    source = OnnxModel(model, {})
    node = next((node for node in model.graph.node if name in node.output), None)
    known = {tensor.name for tensor in model.graph.initializer} | set(inputs) | {""}
    before = [i for i in dict.fromkeys(node.input) if i not in known] if node else []
    if not before:
        return False
    right = source.run(inputs, before)
    graph = convert(model, outputs=before, shapes={key: array.shape for key, array in inputs.items()})
    made = run(graph, {operand.name: inputs[i] for operand, i in zip(graph.inputs, _in_order(inputs, graph), strict=True)})
    wrong = [i for i, array in zip(before, made.values(), strict=True) if not near(array, right[i]).all()]
    if wrong:
        return all(decided_by_rounding(model, inputs, i) for i in wrong)
    given = {i: inputs[i] for i in node.input if i in inputs}
    session = _session(model, node, name, {**right, **given})
    first, second = (session.run([name], {**moved, **given})[0] for moved in (right, {i: _moved(a) for i, a in right.items()}))
    return not near(second, first).all()


def _session(model: onnx.ModelProto, node: onnx.NodeProto, name: str, values: Mapping[str, Array]) -> onnxruntime.InferenceSession:
    """One node of the model, for inputs like these values."""
    helper = onnx.helper
    inputs = [helper.make_tensor_value_info(i, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for i, a in values.items()]
    weights = [tensor for tensor in model.graph.initializer if tensor.name in node.input]
    graph = helper.make_graph([node], "node", inputs, [onnx.ValueInfoProto(name=name)], weights)
    alone = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return onnxruntime.InferenceSession(alone.SerializeToString(), providers=["CPUExecutionProvider"])


def _moved(array: Array) -> Array:
    """Floats moved by up to two units in the last place."""
    if array.dtype.kind != "f":
        return array
    steps = np.random.default_rng(0).integers(-2, 3, array.shape)
    return np.asarray(array + steps * np.spacing(array), array.dtype)


def _in_order(inputs: Mapping[str, Array], graph: Graph) -> list[str]:
    by_identifier = {identifier(name): name for name in inputs}
    return [operand.name if operand.name in inputs else by_identifier[operand.name] for operand in graph.inputs]

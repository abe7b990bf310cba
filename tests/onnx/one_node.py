"""Models of one node, and their comparison with ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from converters.onnx.convert import convert
from webnn_graph import run
from webnn_graph.data_types import Array


@dataclass(frozen=True)
class Known:
    """An input whose value stands in the model."""

    value: Array


@dataclass(frozen=True)
class OneNode:
    """A row: one operator, what it is given, and how near the result must be.

    Attributes:
        op: Operator type.
        inputs: Arrays to feed, `Known` ones, and None for absent optional inputs.
        attributes: Of the node.
        outputs: Which outputs are named and compared, by index.
        domain: Of the operator.
        opset: Of the standard domain.
        version: Of the operator's domain, when that is another one; None for the newest.
        rtol: Relative tolerance of floating point results.
        atol: Absolute tolerance of floating point results.
        steps: By how much integer results may differ.
    """

    op: str
    inputs: tuple[Array | Known | None, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    outputs: tuple[int, ...] = (0,)
    domain: str = "com.microsoft"
    opset: int = 17
    version: int | None = None
    rtol: float = 1e-4
    atol: float = 1e-5
    steps: int = 0

    @property
    def feeds(self) -> dict[str, Array]:
        """The run-time inputs by name."""
        return {f"i{i}": value for i, value in enumerate(self.inputs) if isinstance(value, np.ndarray)}

    def model(self) -> onnx.ModelProto:
        """The model; its outputs have no declared shape."""
        names = [f"i{i}" if value is not None else "" for i, value in enumerate(self.inputs)]
        results = [f"o{i}" if i in self.outputs else "" for i in range(max(self.outputs) + 1)]
        node = helper.make_node(self.op, names, results, "node", domain=self.domain, **self.attributes)
        inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in self.feeds.items()]
        stored = [numpy_helper.from_array(v.value, n) for n, v in zip(names, self.inputs, strict=True) if isinstance(v, Known)]
        outputs = [onnx.ValueInfoProto(name=name) for name in results if name]
        graph = helper.make_graph([node], self.op, inputs, outputs, stored)
        versions = {"": self.opset, "com.microsoft": 1, "ai.onnx.ml": 5}
        versions.setdefault(self.domain, 1)
        if self.version is not None:
            versions[self.domain] = self.version
        imports = [helper.make_opsetid(domain, version) for domain, version in versions.items()]
        return helper.make_model(graph, opset_imports=imports, ir_version=10)


def onnxruntime_results(model: onnx.ModelProto, feeds: dict[str, Array]) -> list[Array]:
    """What ONNX Runtime's CPU kernels give, without its optimizations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, feeds))


def check(actual: Array, expected: Array, case: OneNode, what: str) -> None:
    """Raises `AssertionError` unless the two are as near as the row demands."""
    assert actual.shape == expected.shape, what
    if expected.dtype.kind in "iub":
        apart = np.abs(actual.astype(np.int64) - expected.astype(np.int64)).max()
        assert apart <= case.steps, f"{what} differs by {apart}"
    else:
        np.testing.assert_allclose(actual.astype(np.float64), expected.astype(np.float64), case.rtol, case.atol, err_msg=what)


def equals_onnxruntime(case: OneNode, equivalent: OneNode | None = None) -> None:
    """Raises `AssertionError` unless the converted model gives what ONNX Runtime gives, of it or of an equivalent one."""
    source = equivalent or case
    expected = onnxruntime_results(source.model(), source.feeds)
    graph = convert(case.model())
    fed = {operand.name: case.feeds[operand.name].astype(operand.data_type.numpy) for operand in graph.inputs}
    actual = run(graph, fed)
    for operand, wanted in zip(graph.outputs, expected, strict=True):
        check(actual[operand.name], wanted, case, operand.name)

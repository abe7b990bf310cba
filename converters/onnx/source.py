"""An ONNX model as the source of right numbers: run by ONNX Runtime when it is installed, else by onnx's own evaluator."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from converters.onnx.inference import inferred_types
from converters.onnx.interface import bound_value, free_inputs
from converters.onnx.load import load_model
from converters.onnx.order import needed_nodes
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ExecutionError


class OnnxSource:
    """A `converters.source.Source`.

    Args:
        path: The model's file.
        bind: Values of inputs that the conversion made constants.
        inputs: Tensors at which the conversion cut the graph; empty for the model's own inputs.
        outputs: Tensors at which it ended the graph; empty for the model's own outputs.

    Raises:
        FormatError: The file is no ONNX model.
    """

    def __init__(
        self, path: Path, *, bind: Mapping[str, Any] | None = None, inputs: Sequence[str] = (), outputs: Sequence[str] = ()
    ) -> None:
        load_model(path)  # for its errors
        self.model = _sorted(onnx.load(str(path)))
        if inputs:
            self._cut(inputs)
        infos = free_inputs(self.model.graph)
        self._types = {name: _numpy_type(info) for name, info in infos.items()}
        self._bound = {name: bound_value(infos[name], value)[0] for name, value in (bind or {}).items() if name in infos}
        self.inputs = [name for name in infos if name not in self._bound]
        self.outputs = list(outputs) or [info.name for info in self.model.graph.output]
        self.tensors = [output for node in self.model.graph.node for output in node.output if output]

    @cached_property
    def runner(self) -> str:
        """What runs the model."""
        if importlib.util.find_spec("onnxruntime"):
            import onnxruntime

            return f"ONNX Runtime {onnxruntime.__version__}"
        return f"onnx {onnx.__version__} reference evaluator"

    def adapt(self, name: str, values: Array) -> Array:
        """Made-up values for an input; 0 and 1 for booleans."""
        return values % 2 if self._types.get(name) == np.bool_ else values

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs and tensors.

        Raises:
            ExecutionError: The model cannot be run.
        """
        given = dict(self._bound) | dict(inputs)
        missing = [name for name in self._types if name not in given]
        if missing:
            raise ExecutionError(
                f"the source model needs a value for input {', '.join(missing)}", "give the one it was converted with: --bind NAME=VALUE"
            )
        feeds = {name: np.asarray(given[name]).astype(dtype) for name, dtype in self._types.items()}
        model = self._with_outputs(wanted)
        try:
            results = (
                _run_onnxruntime(model, feeds, wanted) if self.runner.startswith("ONNX Runtime") else _run_reference(model, feeds, wanted)
            )
        except Exception as error:  # each has its own exceptions, and all say that the model cannot be run on these inputs
            raise ExecutionError(f"{self.runner} cannot run the source model: {str(error).splitlines()[0]}") from error
        return dict(zip(wanted, results, strict=True))

    def _with_outputs(self, wanted: Sequence[str]) -> onnx.ModelProto:
        own = {info.name for info in self.model.graph.output}
        if set(wanted) <= own:
            return self.model
        extended = onnx.ModelProto()
        extended.CopyFrom(self.model)
        extended.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in own)
        return extended

    def _cut(self, inputs: Sequence[str]) -> None:
        """Makes the tensors ``inputs`` the model's inputs, with the types that shape inference finds."""
        graph, known = self.model.graph, inferred_types(self.model)
        unknown = [name for name in inputs if name not in known]
        if unknown:
            raise ConversionError(f"the type of tensor {unknown[0]!r} is not known, so the source model cannot start there")
        kept = [node for node in graph.node if not set(node.output) & set(inputs)]
        del graph.node[:], graph.input[:]
        graph.node.extend(kept)
        graph.input.extend(known[name] for name in inputs)


def _sorted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its nodes in topological order, which exporters do not always keep and runtimes ask for."""
    graph = model.graph
    given = {info.name for info in graph.input} | {tensor.name for tensor in graph.initializer}
    nodes = needed_nodes(graph.node, [output for node in graph.node for output in node.output if output], given)
    copies = []
    for node in nodes:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copies.append(copy)
    del graph.node[:]
    graph.node.extend(copies)
    return model


def _numpy_type(info: onnx.ValueInfoProto) -> np.dtype[Any]:
    return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))


def _run_onnxruntime(model: onnx.ModelProto, feeds: Mapping[str, Array], wanted: Sequence[str]) -> list[Array]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # By default it quantizes what 4-bit weights behind DequantizeLinear are multiplied with; the model does not say so.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(list(wanted), dict(feeds)))


def _run_reference(model: onnx.ModelProto, feeds: Mapping[str, Array], wanted: Sequence[str]) -> list[Array]:
    from onnx.reference import ReferenceEvaluator

    return list(ReferenceEvaluator(model).run(list(wanted), dict(feeds)))

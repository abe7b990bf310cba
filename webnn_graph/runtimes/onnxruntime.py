"""Running a graph in ONNX Runtime on the CPU, as the ONNX model that it can be written as; its weights are not copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from webnn_graph.data_types import Array, pack
from webnn_graph.errors import ExecutionError
from webnn_graph.formats.table import OPSETS
from webnn_graph.given import checked
from webnn_graph.graph import Graph
from webnn_graph.runtimes import RUNTIMES
from webnn_graph.weight import Place, Weight

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, OrtValue

RUNTIME = RUNTIMES["onnxruntime"]
LITTLE = 2**16
"""Bytes up to which a weight stands in the model itself, where ONNX Runtime sees sooner what it is."""

_SESSIONS: WeakKeyDictionary[Graph, Session] = WeakKeyDictionary()
"""Of the graphs that were computed and are still there."""


def run(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Computes the graph's outputs from its inputs, arrays by name. What is prepared for it is kept as long as the graph is.

    Raises:
        ExecutionError: The inputs do not fit, or ONNX Runtime does not load or compute the graph.
        RuntimeUnavailable: ONNX Runtime is not installed.
    """
    given = checked(graph, inputs)
    if graph not in _SESSIONS:
        _SESSIONS[graph] = Session(graph)
    return _SESSIONS[graph].run({operand.name: array for operand, array in given.items()})


class Session:
    """A graph in ONNX Runtime.

    Args:
        graph: What to compute; its weights are read where they are.

    Raises:
        ExecutionError: ONNX Runtime does not load it.
        RuntimeUnavailable: ONNX Runtime is not installed.
    """

    def __init__(self, graph: Graph) -> None:
        from webnn_graph.onnx.model import model_of

        onnxruntime = _onnxruntime()
        self._outputs = [operand.name for operand in graph.outputs]
        weights = {operand.name: weight for operand, weight in graph.weights.items() if operand.nbytes > LITTLE}
        places = {operand.name: Place(operand.name, 0, operand.nbytes) for operand in graph.weights if operand.name in weights}
        model = model_of(graph, places, opset=OPSETS[0], bytewise=True)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures are raised
        options.add_session_config_entry("session.disable_quant_qdq", "1")  # which is fast, but rounds at other places
        # Most graphs are computed once: what takes longer than it saves then is left out (a decoder of 135 M: 0.2 s instead of 0.75 s).
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.add_session_config_entry("session.disable_prepacking", "1")
        external = [tensor for tensor in model.graph.initializer if tensor.external_data]
        self._held = [_value(onnxruntime, weights[tensor.external_data[0].value], tensor) for tensor in external]
        options.add_external_initializers([tensor.name for tensor in external], self._held)
        try:
            self._session: InferenceSession = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of many classes, which have nothing else in common
            raise _failed("load", error) from None

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name. Raises `ExecutionError` when they cannot be computed, as with indices that are out of range."""
        try:
            computed = self._session.run(self._outputs, dict(feeds))
        except Exception as error:  # as above
            raise _failed("compute", error) from None
        return dict(zip(self._outputs, computed, strict=True))


def _value(onnxruntime: Any, weight: Weight, tensor: Any) -> OrtValue:
    """A weight as an initializer wants it, in its own memory where that can be."""
    shape = tuple(tensor.dims)
    array = weight.array
    if weight.data_type.bits == 4:
        # ONNX Runtime goes by the shape of the array, and by the type that it is told: it reads packed elements from the beginning.
        packed = pack(array, weight.data_type)
        roomy = np.zeros(shape, np.uint8)
        roomy.reshape(-1)[: packed.size] = packed
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(roomy, tensor.data_type)
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array).reshape(shape))


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise RUNTIME.unavailable() from None
    return onnxruntime


def _failed(what: str, error: Exception) -> ExecutionError:
    return ExecutionError(f"ONNX Runtime failed to {what} the graph: {str(error).strip()}")

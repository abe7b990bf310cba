"""Running ONNX models: by ONNX Runtime when it is installed and has the kernels, else by onnx's own evaluator."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, reason

EVALUATOR = f"onnx {onnx.__version__} reference evaluator"
"""What onnx's own evaluator is called."""


@cache
def default_runner() -> str:
    """What models are run with if it can: ``ONNX Runtime 1.22``."""
    if not importlib.util.find_spec("onnxruntime"):
        return EVALUATOR
    import onnxruntime

    return f"ONNX Runtime {onnxruntime.__version__}"


def run(
    model: onnx.ModelProto, feeds: Mapping[str, Array], wanted: Sequence[str], *, runner: str, optimized: bool = True
) -> tuple[list[Array], str]:
    """The values of the model's ``wanted`` outputs, and what computed them.

    Args:
        model: With nodes in topological order and its weights inside.
        feeds: Inputs of the model's own types, by name.
        wanted: Names of outputs.
        runner: What is tried first: `default_runner`, or `EVALUATOR`, which has fewer operators and more types.
        optimized: Whether ONNX Runtime may rewrite the model.

    Raises:
        ExecutionError: The model cannot be run.
    """
    problem: Exception | None = None
    if runner != EVALUATOR:
        try:
            return _by_onnxruntime(model, feeds, wanted, optimized), runner
        except _Unsupported as unsupported:
            problem = unsupported.cause
        except Exception as error:  # it has its own exceptions, and all say that the model cannot be run on these inputs
            raise ExecutionError(f"{runner} cannot run the source model: {reason(error)}") from error
    try:
        return _by_evaluator(model, feeds, wanted), EVALUATOR
    except Exception as error:  # whatever NumPy and it raise
        first = problem or error
        raise ExecutionError(f"{runner} cannot run the source model: {reason(first)}") from first


class _Unsupported(Exception):
    """ONNX Runtime does not make a session of the model, or does not take a type."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


class Prepared:
    """A model in a file that is run several times.

    Args:
        path: The file; its weights may be outside of it.

    Attributes:
        inputs: The names of its inputs.

    Raises:
        ExecutionError: It cannot be run.
    """

    def __init__(self, path: Path) -> None:
        self._session: Any = None
        if default_runner() == EVALUATOR:
            from onnx.reference import ReferenceEvaluator

            self._evaluator = ReferenceEvaluator(onnx.load(str(path)))
            self.inputs = frozenset(self._evaluator.input_names)
            return
        try:
            self._session = _session(str(path), optimized=True)
        except Exception as error:  # it has its own exceptions
            raise ExecutionError(f"{default_runner()} cannot run the source model: {reason(error)}") from error
        self.inputs = frozenset(info.name for info in self._session.get_inputs())

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs. Raises `ExecutionError` when they cannot be computed."""
        try:
            values = (self._session or self._evaluator).run(list(wanted), dict(feeds))
        except Exception as error:  # whatever it raises
            raise ExecutionError(f"{default_runner()} cannot run the source model: {reason(error)}") from error
        return dict(zip(wanted, values, strict=True))


def _by_onnxruntime(model: onnx.ModelProto, feeds: Mapping[str, Array], wanted: Sequence[str], optimized: bool) -> list[Array]:
    unknown = [array.dtype.name for array in feeds.values() if array.dtype.kind not in "biufOUS"]
    if unknown:
        raise _Unsupported(TypeError(f"it takes no {unknown[0]}"))
    try:
        session = _session(model.SerializeToString(), optimized)
    except Exception as error:
        raise _Unsupported(error) from error
    return list(session.run(list(wanted), dict(feeds)))


def _session(model: bytes | str, optimized: bool) -> Any:
    """A session of ONNX Runtime for a model's bytes, or its path."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # By default it quantizes what 4-bit weights behind DequantizeLinear are multiplied with; the model does not say so.
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _by_evaluator(model: onnx.ModelProto, feeds: Mapping[str, Array], wanted: Sequence[str]) -> list[Array]:
    from onnx.reference import ReferenceEvaluator

    return list(ReferenceEvaluator(model).run(list(wanted), dict(feeds)))

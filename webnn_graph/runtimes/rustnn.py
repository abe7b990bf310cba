"""Running a graph in rustnn: its files, loaded by pywebnn and computed by ONNX Runtime on the CPU."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.formats import save
from webnn_graph.given import checked
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import RUNTIMES
from webnn_graph.targets import legalize, load_target

RUNTIME = RUNTIMES["rustnn"]


def run(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Computes the graph's outputs from its inputs, arrays by name. The graph is legalized for rustnn first.

    Raises:
        ConversionError: Calls that rustnn can neither take nor be given otherwise.
        ExecutionError: The inputs do not fit, or rustnn does not load or compute the graph.
        RuntimeUnavailable: pywebnn is not installed.
    """
    return run_raw(legalize(graph, load_target(RUNTIME.target)), inputs)


def run_raw(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The same for a graph as it stands.

    Raises:
        ExecutionError: The inputs do not fit, or rustnn does not load or compute the graph.
        RuntimeUnavailable: pywebnn is not installed.
    """
    webnn = _pywebnn()
    given = checked(graph, inputs)
    with tempfile.TemporaryDirectory(prefix="webnn-") as folder:
        written = Path(folder) / "model.webnn"
        save(graph, written)
        translated = Path(folder) / "model.onnx"
        with _reported("load"):
            loaded = webnn.MLGraph.load(str(written))
            # rustnn's own compute() gives float64 whatever the type is, so that large int64 lose digits.
            webnn.ML().create_context(device_type="cpu").convert_to_onnx(loaded, str(translated))
        return _computed(graph, translated, given)


def _computed(graph: Graph, translated: Path, given: Mapping[Operand, Array]) -> dict[str, Array]:
    """What ONNX Runtime, which pywebnn depends on and computes with, makes of rustnn's translation."""
    import onnxruntime  # noqa: TID251

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # failures are raised
    with _reported("compute"):
        session = onnxruntime.InferenceSession(str(translated), options, providers=["CPUExecutionProvider"])
        fed = {operand.name: array for operand, array in given.items()}
        computed = session.run([operand.name for operand in graph.outputs], fed)
    outputs = dict(zip((operand.name for operand in graph.outputs), computed, strict=True))
    for operand in graph.outputs:
        array = outputs[operand.name]
        if array.dtype != operand.data_type.numpy or array.shape != operand.shape:
            raise ExecutionError(f"rustnn computes {operand} as {array.dtype}{list(array.shape)}")
    return outputs


def _pywebnn() -> ModuleType:
    try:
        webnn: ModuleType = import_module("webnn")
    except ImportError:
        raise RUNTIME.unavailable() from None
    return webnn


@contextmanager
def _reported(what: str) -> Iterator[None]:
    """What rustnn raises inside as an `ExecutionError`; what it prints on the way is not shown."""
    try:
        with _silenced():
            yield
    except BaseException as error:  # a panic of Rust is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ExecutionError(f"rustnn failed to {what} the model: {str(error).strip()}") from None


@contextmanager
def _silenced() -> Iterator[None]:
    """The process's own standard error switched off: compiled code does not write to Python's."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)

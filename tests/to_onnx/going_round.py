"""A graph written as an ONNX model, computed by ONNX Runtime from that file, and read again; also as the work of a process of its own."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime

from converters.onnx import convert
from models.zoo.loading import loaded
from models.zoo.manifest import select
from webnn_graph import save
from webnn_graph.compare import Difference, compare
from webnn_graph.diff import Diff, diff
from webnn_graph.errors import ExecutionError
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph
from webnn_graph.runtimes import reference


@dataclass(frozen=True)
class Round:
    """What came of it.

    Attributes:
        again: How the graph that was read differs from the one that was written.
        worst: The output of ONNX Runtime that is furthest from the reference's.
        bytes: Of the ONNX file.
    """

    again: Diff
    worst: Difference
    bytes: int


def go_round(graph: Graph, tolerance: float = 1e-4) -> Round:
    """Writes a graph, has ONNX check and ONNX Runtime compute it, and reads it.

    Raises:
        ExecutionError: ONNX Runtime does not compute it.
    """
    with TemporaryDirectory(prefix="webnn-") as folder:
        file = Path(folder) / "model.onnx"
        save(graph, file)
        onnx.checker.check_model(str(file), full_check=True)
        again = diff(graph, convert(file, name=graph.name))
        feeds = complete(graph, {}, 0)
        computed = _computed(file, feeds)
        size = file.stat().st_size
    right = reference.run(graph, feeds)
    differences = [compare(name, computed[name], right[name], tolerance) for name in right]
    return Round(again, max(differences, key=lambda difference: difference.excess), size)


def _computed(file: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        outputs = [output.name for output in session.get_outputs()]
        return dict(zip(outputs, session.run(outputs, feeds), strict=True))
    except Exception as error:
        raise ExecutionError(f"ONNX Runtime: {error}") from None


def said_of(name: str) -> str:
    """What came of a model, in a line that begins with ok, refused or another word."""
    warnings.simplefilter("ignore")
    try:
        graph = loaded(select([name])[0]).convert()
    except Exception as error:  # its own, by which the zoo says that it must be refused, and those of libraries
        return f"refused {name}: {str(error).splitlines()[0][:100]}"
    try:
        done = go_round(graph)
    except Exception as error:
        return f"failed {name}: {type(error).__name__} {str(error)[:300]}"
    if done.again.is_empty:
        return f"ok {name}: {len(graph.nodes)} calls, {done.bytes} bytes, relative {done.worst.relative:.1e}"
    changes = [*done.again.interface, *(f"+ {node}" for node in done.again.added), *(f"- {node}" for node in done.again.removed)]
    changes += [f"{pair.before.op} {', '.join(pair.changes)}" for pair in done.again.changed]
    return f"other {name}: {'; '.join(changes)[:300]}"

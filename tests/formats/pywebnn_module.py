"""Python modules that tests write and, where pywebnn is installed, run."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from webnn_graph.data_types import Array
from webnn_graph.formats import python, weights
from webnn_graph.graph import Graph
from webnn_graph.runtimes.rustnn import _reported


def imported(path: Path) -> ModuleType:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def computed(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What the module of a graph computes as it stands. Raises `ExecutionError` when pywebnn fails."""
    with TemporaryDirectory(prefix="webnn-") as folder:
        path = Path(folder) / "model.py"
        path.write_text(python.files(graph, "model")["model.py"])
        with path.with_suffix(".safetensors").open("wb") as file:  # without waiting for the disk, as `save` does
            file.writelines(weights.contents(weights.stored(graph)))
        with _reported("build"):
            outputs: dict[str, Array] = imported(path).load().compute(**inputs)
            return outputs

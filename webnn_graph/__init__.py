"""WebNN graphs: build them, read and write them, check them, run them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webnn_graph.builder import GraphBuilder
    from webnn_graph.formats import load, save
    from webnn_graph.graph import Graph
    from webnn_graph.runtimes.reference import run
    from webnn_graph.validation import validate

__all__ = ["Graph", "GraphBuilder", "load", "run", "save", "validate"]

_HOMES = {
    "Graph": "graph",
    "GraphBuilder": "builder",
    "load": "formats",
    "run": "runtimes.reference",
    "save": "formats",
    "validate": "validation",
}


def __getattr__(name: str) -> Any:
    """The public names are imported when they are first used, so that importing this package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

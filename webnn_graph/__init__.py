"""WebNN graphs: build them, read and write them, check them, run them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from webnn_graph.builder import GraphBuilder
    from webnn_graph.formats import load, save
    from webnn_graph.graph import Graph
    from webnn_graph.runtimes.reference import run
    from webnn_graph.validation import validate

__all__ = ["Graph", "GraphBuilder", "load", "run", "save", "validate"]

__getattr__ = on_first_use(
    __name__,
    {
        "Graph": "graph",
        "GraphBuilder": "builder",
        "load": "formats",
        "run": "runtimes.reference",
        "save": "formats",
        "validate": "validation",
    },
)

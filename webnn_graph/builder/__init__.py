"""Building graphs: every call checked, what does nothing left out, equal calls merged, constants folded."""

from __future__ import annotations

from webnn_graph.builder.graph_builder import GraphBuilder

__all__ = ["GraphBuilder"]

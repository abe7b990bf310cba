"""Pictures of graphs: `page` makes an HTML page of one, `inline` the same for a notebook."""

from __future__ import annotations

from webnn_graph.view.page import inline, page
from webnn_graph.view.scene import Mark, Overlay

__all__ = ["Mark", "Overlay", "inline", "page"]

"""Pictures of graphs: `page` makes an HTML page of one, `diff_page` of two versions, `inline` one for a notebook."""

from __future__ import annotations

from webnn_graph.view.page import diff_page, inline, page
from webnn_graph.view.scene import Mark, Overlay

__all__ = ["Mark", "Overlay", "diff_page", "inline", "page"]

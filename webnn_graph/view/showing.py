"""Opening the picture of a graph in the user's browser."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from webnn_graph.formats.files import write_all
from webnn_graph.graph import Graph
from webnn_graph.names import identifier
from webnn_graph.view.page import page
from webnn_graph.view.scene import Overlay
from webnn_graph.window import open_window


def show(graph: Graph, file: str | Path | None = None, overlays: Sequence[Overlay] = ()) -> Path:
    """See `Graph.show`; ``overlays`` as for `page`."""
    return shown(page(graph, overlays), identifier(graph.name), file)


def shown(html: str, stem: str, file: str | Path | None) -> Path:
    """Writes a page, and opens it unless its file was named.

    Args:
        html: The page.
        stem: What its file is called in a temporary folder, if none is named.
        file: Where to write it.

    Returns:
        Where it was written.
    """
    path = Path(file) if file else Path(tempfile.mkdtemp(prefix="webnn-")) / f"{stem}.html"
    write_all({path: lambda: [html.encode()]})
    if not file:
        open_window(path.as_uri())
    return path

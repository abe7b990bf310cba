"""The picture of a graph as one HTML page that needs nothing else: no network, no library, no server."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from webnn_graph.diff import Diff
from webnn_graph.graph import Graph
from webnn_graph.html import Page
from webnn_graph.view.overlays import versions
from webnn_graph.view.scene import Overlay, scene

MODULES = ("places.js", "picture.js", "model.js", "panel.js", "canvas.js", "app.js")
PAGE = Page("view", ("common/element.js", "common/theme.js", *(f"view/{name}" for name in MODULES)))
INLINE_HEIGHT = 480
"""CSS pixels of a picture in a notebook."""


def page(graph: Graph, overlays: Sequence[Overlay] = ()) -> str:
    """A page with the picture of a graph.

    Args:
        graph: What is shown.
        overlays: Ways of colouring it besides the kinds of operators; the last one is shown first.

    Raises:
        RuntimeUnavailable: The library that lays out is not installed.
    """
    return _rendered(graph.name, [graph.name], {"scenes": [scene(graph, overlays)]})


def diff_page(before: Graph, after: Graph, found: Diff, captions: tuple[str, str]) -> str:
    """A page with two graphs side by side, coloured by what differs.

    Args:
        before: The first graph.
        after: The second.
        found: What `webnn_graph.diff.diff` says of them.
        captions: Which they are.

    Raises:
        RuntimeUnavailable: The library that lays out is not installed.
    """
    scenes = [scene(graph, [overlay]) for graph, overlay in zip((before, after), versions(found), strict=True)]
    places = [{node: place for place, node in enumerate(graph.nodes)} for graph in (before, after)]
    pairs = [[places[0][pair.before], places[1][pair.after]] for pair in found.pairs]
    return _rendered(" → ".join(captions), captions, {"scenes": scenes, "pairs": pairs})


def _rendered(title: str, captions: Sequence[str], data: dict[str, Any]) -> str:
    return PAGE.rendered(data, title=title, captions=captions)


def inline(graph: Graph) -> str:
    """The same as an element of another page, a notebook's for example, which the picture cannot reach into."""
    source = escape(page(graph))
    return (
        f'<iframe sandbox="allow-scripts" title="Picture of the graph" srcdoc="{source}" '
        f'style="width: 100%; height: {INLINE_HEIGHT}px; border: 1px solid #8886"></iframe>'
    )

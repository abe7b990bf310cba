"""The picture of a graph as one HTML page that needs nothing else: no network, no library, no server."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from webnn_graph.diff import Diff
from webnn_graph.graph import Graph
from webnn_graph.view.overlays import versions
from webnn_graph.view.scene import Overlay, scene

SCRIPTS = ("places.js", "picture.js", "model.js", "panel.js", "canvas.js", "app.js")
"""The page's script, in an order in which every module comes after those that it imports."""
TIES = re.compile(r"^import .*;\n|^export ", re.MULTILINE)
"""What ties the modules together where they are files of their own."""
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
    style, script = _files()
    policy = f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}"
    # JSON in a page ends at nothing but its own end tag, and a string in it may spell any character by its number.
    literal = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    written = {"style": style, "script": script, "data": literal}  # ours, and what cannot end its element
    plain = {name: Markup(text) for name, text in written.items()}  # noqa: S704
    text = _template().render(title=title, captions=captions, policy=policy, **plain)
    return text.encode("utf-8", "replace").decode()  # halves of surrogate pairs, as names and paths may have, are no text of a file


def inline(graph: Graph) -> str:
    """The same as an element of another page, a notebook's for example, which the picture cannot reach into."""
    source = escape(page(graph))
    return (
        f'<iframe sandbox="allow-scripts" title="Picture of the graph" srcdoc="{source}" '
        f'style="width: 100%; height: {INLINE_HEIGHT}px; border: 1px solid #8886"></iframe>'
    )


@cache
def _files() -> tuple[str, str]:
    """Style and script."""
    folder = resources.files("templates").joinpath("pages", "view")
    return _text(folder, "view.css"), "".join(TIES.sub("", _text(folder, name)) for name in SCRIPTS)


def _text(folder: Any, name: str) -> str:
    text: str = folder.joinpath(name).read_text("utf-8")
    return text


def _source(text: str) -> str:
    """A text as a content security policy allows it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _template() -> jinja2.Template:
    text = _text(resources.files("templates").joinpath("pages", "view"), "view.html.j2")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(text)

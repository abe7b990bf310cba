"""A format that only a test knows: ``.webnn`` text below a line of its own, and beside it the number of operators."""

from __future__ import annotations

from webnn_graph.formats import text
from webnn_graph.formats.document import Document
from webnn_graph.graph import Graph

HEAD = "listing\n"


def files(graph: Graph, stem: str, *, labels: bool = True, weights: str = "", digest: str = "") -> dict[str, str]:
    (written,) = text.files(graph, stem, labels=labels, digest=digest).values()
    return {f"{stem}.list": HEAD + written, f"{stem}.count": f"{len(graph.nodes)}\n"}


def read(content: str, file: str) -> Document:
    return text.read(content.removeprefix(HEAD), file)

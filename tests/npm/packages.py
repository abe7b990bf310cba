"""A small model as a package of npm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from webnn_graph import GraphBuilder
from webnn_graph.formats import save
from webnn_graph.graph import Graph
from webnn_graph.metadata import Image, Labels, Metadata

LABELS = ("cat", "dog & <b>", "`bird` | [x](y)")
ABOUT = Metadata(
    task="image-classification", license="Apache-2.0", tensors={"pixels": Image(scale=1 / 255), "scores": Labels(names=LABELS)}
)


def classifier(metadata: Metadata = ABOUT, edge: int = 32) -> Graph:
    """A model of pictures whose weights have some kB: bundlers make text of smaller files."""
    b = GraphBuilder("pictures")
    pixels = b.input("pixels", "float32", [1, 3, edge, edge])
    random = np.random.default_rng(1)
    first, second = (random.standard_normal(shape).astype(np.float32) / 9 for shape in ((3 * edge * edge, 8), (8, len(LABELS))))
    features = b.relu(b.matmul(b.reshape(pixels, [1, 3 * edge * edge]), first))
    graph = b.build({"scores": b.matmul(features, second)})
    return metadata_to(graph, metadata)


def metadata_to(graph: Graph, metadata: Metadata) -> Graph:
    """The graph with these metadata."""
    return replace(graph, metadata=metadata.document())


def package(folder: Path, graph: Graph, **options: Any) -> Path:
    """The folder of a package."""
    folder.mkdir()
    save(graph, folder / "pictures.js", folders=["npm"], **options)
    return folder

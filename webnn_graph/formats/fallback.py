"""What a module computes with where no context of WebNN takes its graph: ONNX Runtime Web, an ONNX model and the module's own weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from webnn_graph.errors import WebNNError
from webnn_graph.formats import onnx
from webnn_graph.formats.expressions import literal, object_of, string, url
from webnn_graph.formats.table import OPSETS
from webnn_graph.graph import Graph, Operand
from webnn_graph.weight import Place

LIBRARIES = {"ort-web": "onnxruntime-web/wasm"}
"""What modules import for each kind of fallback, unless somebody names another module or its address."""
ADDRESS = re.compile("https?://")


def library_of(fallback: str) -> str:
    """What ``ort-web``, or ``ort-web=MODULE``, has a module import.

    Raises:
        WebNNError: It is neither.
    """
    kind, equals, module = fallback.partition("=")
    if kind not in LIBRARIES or (equals and not module):
        known = " or ".join(f"{name}, {name}=MODULE" for name in LIBRARIES)
        raise WebNNError(f"{fallback!r} is no fallback of modules", f"it is {known}, MODULE being what JavaScript imports, or its URL")
    return module or LIBRARIES[kind]


def shown(fallback: str, stem: str, weights: Iterable[Operand], places: Mapping[str, Place]) -> dict[str, Any]:
    """What the templates show of a fallback.

    Args:
        fallback: See `library_of`.
        stem: That of the module.
        weights: Those of the graph that stand in files.
        places: Where each is, by name.
    """
    library = library_of(fallback)
    files: dict[str, list[Operand]] = {}
    for weight in weights:
        files.setdefault(places[weight.name].file, []).append(weight)
    return {
        "file": url(f"{stem}.fallback.js"),
        "model": url(f"{stem}.onnx"),
        "library": string(library),
        "is_address": bool(ADDRESS.match(library)),
        "weight_files": [_weight_file(file, [operand.name for operand in held], places) for file, held in files.items()],
    }


def _weight_file(file: str, names: list[str], places: Mapping[str, Place]) -> str:
    starts = sum(places[name].offset for name in names)
    return object_of({"path": string(file), "has": string(names[0]), "starts": literal(starts)})


def model(graph: Graph, stem: str, *, labels: bool, places: Mapping[str, Place], digest: str, opset: int | None) -> dict[str, bytes]:
    """The ONNX model, by file name: of the oldest set of operators that there is, for whichever ONNX Runtime Web a page has."""
    return onnx.files(graph, stem, labels=labels, places=places, digest=digest, opset=opset or OPSETS[0])

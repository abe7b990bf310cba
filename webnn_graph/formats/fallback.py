"""What a module knows of its fallback: ONNX Runtime Web, which computes an ONNX model of the graph with the module's own weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from webnn_graph.formats.expressions import literal, object_of, string, url
from webnn_graph.formats.table import library_of
from webnn_graph.graph import Operand
from webnn_graph.weight import Place

ADDRESS = re.compile("https?://")


def shown(fallback: str, stem: str, weights: Iterable[Operand] = (), places: Mapping[str, Place] = MappingProxyType({})) -> dict[str, Any]:
    """What the templates show of a fallback.

    Args:
        fallback: See `webnn_graph.formats.table.library_of`.
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
        "model": url(f"{stem}.fallback.onnx"),
        "library": string(library),
        "is_address": bool(ADDRESS.match(library)),
        "weight_files": [_weight_file(file, [operand.name for operand in held], places) for file, held in files.items()],
    }


def _weight_file(file: str, names: list[str], places: Mapping[str, Place]) -> str:
    starts = sum(places[name].offset for name in names)
    return object_of({"path": string(file), "has": string(names[0]), "starts": literal(starts)})

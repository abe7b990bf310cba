"""A page beside a module to try its model in: it asks the module of its task, or runs the model on random inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from webnn_graph.feeds import seeded
from webnn_graph.formats.table import LIBRARIES, library_of
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph
from webnn_graph.html import Page, source_of
from webnn_graph.implied import implied
from webnn_graph.metadata import Metadata

FILE = "index.html"
MODULES = (
    *("colours", "labels", "objects", "text", "mask", "depth", "vector", "speech"),
    *("pictures", "sounds", "texts", "numbers", "facts", "app"),
)
"""The scripts of the page, each behind those that it imports."""
PAGE = Page(
    "model",
    ("common/element.js", "common/theme.js", *(f"model/{name}.js" for name in MODULES)),
    allows={"script-src": "'self'", "connect-src": "'self'", "img-src": "'self' blob: data:", "media-src": "blob:"},
)
INSTALLED = "./node_modules/onnxruntime-web/dist/ort.wasm.min.mjs"
"""Where npm puts what a fallback imports by its own name."""
ORIGIN = re.compile(r"https?://[\w.:-]+")


def files(graph: Graph, stem: str, made: Mapping[str, str | bytes], *, weights: Sequence[str], fallback: str = "") -> dict[str, str]:
    """The text of the page, by its file's name.

    Args:
        graph: What the module computes.
        stem: That of the module.
        made: The files of the module, by name.
        weights: Names of the files of weights.
        fallback: What the module computes with where there is no WebNN, see `webnn_graph.formats.save`.
    """
    metadata = Metadata.of(graph)
    known = {
        "weights": sum(operand.nbytes for operand in stored(graph)),
        "operators": len(graph.nodes),
        "license": metadata.license,
        "ranges": _ranges(graph),
        "purpose": metadata.task,
    }
    return {FILE: page_of(stem, graph.name, is_asked=f"{stem}.task.js" in made, fallback=fallback, known=known)}


def page_of(stem: str, title: str, *, is_asked: bool, fallback: str = "", known: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The page of a module.

    Args:
        stem: That of the module's files.
        title: What the model is called.
        is_asked: Whether there is a module of its task.
        fallback: What the module computes with where there is no WebNN, see `webnn_graph.formats.save`.
        known: What else is known of the model, and shown; of random integers, ``ranges`` that they may have.
    """
    task = _address(f"{stem}.task.js") if is_asked else ""
    data = {"ranges": {}, **known, "module": _address(f"{stem}.js"), "task": task, "fallback": bool(fallback)}
    page, imports = _with_library(library_of(fallback)) if fallback else (PAGE, "")
    return page.rendered(data, title=title, purpose=known.get("purpose", ""), imports=Markup(imports))  # noqa: S704 - ours


def _address(file: str) -> str:
    return f"./{quote(file, safe='')}"


def _ranges(graph: Graph) -> dict[str, tuple[int, int]]:
    """The least and the largest value for each integer input, of random ones that the graph can compute with."""
    integers = [operand for operand in graph.inputs if not operand.data_type.is_float]
    made = seeded(integers, bounds=implied(graph)) if integers else {}
    return {name: (int(values.min()), int(values.max())) for name, values in made.items() if values.size}


def _with_library(library: str) -> tuple[Page, str]:
    """The page that may load ONNX Runtime Web as well, and its import map, which says where that is."""
    more = "'wasm-unsafe-eval'"
    imports = ""
    if library in LIBRARIES.values():
        imports = json.dumps({"imports": {library: INSTALLED}})
        more += f" {source_of(imports)}"
    origin = ORIGIN.match(library)
    elsewhere = f" {origin[0]}" if origin else ""
    allows = {name: f"{PAGE.allows[name]} {more if name == 'script-src' else ''}{elsewhere}" for name in ("script-src", "connect-src")}
    return replace(PAGE, allows={**PAGE.allows, **allows, "worker-src": "'self' blob:"}), imports

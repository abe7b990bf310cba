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
from webnn_graph.formats.table import LIBRARIES, TOKENIZING, library_of
from webnn_graph.formats.task import task_of
from webnn_graph.formats.weights import stored
from webnn_graph.generation.text import ENTRY, LIBRARY
from webnn_graph.graph import Graph
from webnn_graph.html import Page, source_of
from webnn_graph.implied import implied
from webnn_graph.metadata import Metadata

FILE = "index.html"
MODULES = (
    *("colours", "labels", "objects", "text", "mask", "depth", "vector", "speech", "values"),
    *("choosing", "pictures", "sounds", "texts", "numbers", "facts", "files", "app"),
)
"""The scripts of the page, each behind those that it imports."""
PAGE = Page(
    "model",
    ("common/element.js", "common/theme.js", *(f"model/{name}.js" for name in MODULES)),
    allows={"script-src": "'self'", "connect-src": "'self'", "img-src": "'self' blob: data:", "media-src": "blob:"},
)
INSTALLED = "./node_modules/onnxruntime-web/dist/ort.wasm.min.mjs"
"""Where npm puts what a fallback imports by its own name."""
((TOKENIZERS, _),) = LIBRARY.items()
INSTALLED_TOKENIZERS = f"node_modules/{TOKENIZERS}/{ENTRY}"
"""Where it puts what makes tokens."""
ORIGIN = re.compile(r"https?://[\w.:-]+")


def files(
    graph: Graph,
    stem: str,
    made: Mapping[str, str | bytes],
    *,
    weights: Sequence[str],
    fallback: str = "",
    tokenizer: Sequence[str] = (),
    tokenizing: Sequence[bytes] = (),
) -> dict[str, str | bytes]:
    """The page and what it makes tokens with, by file name.

    Args:
        graph: What the module computes.
        stem: That of the module.
        made: The files of the module, by name.
        weights: Names of the files of weights.
        fallback: What the module computes with where there is no WebNN, see `webnn_graph.formats.save`.
        tokenizer: Names of the files of the graph's tokenizer, which are beside it.
        tokenizing: What the page makes tokens with, in the order of `webnn_graph.formats.table.TOKENIZING`; without it, npm puts it
            into the page's folder.
    """
    task = task_of(graph, tokenizer)
    beside = {f"{stem}{suffix}": content for suffix, content in zip(TOKENIZING, tokenizing, strict=bool(tokenizing))}
    library = next(iter(beside), INSTALLED_TOKENIZERS) if task and task.is_told else ""
    metadata = Metadata.of(graph)
    known = {
        "weights": sum(operand.nbytes for operand in stored(graph)),
        "operators": len(graph.nodes),
        "license": metadata.license,
        "ranges": _ranges(graph),
        "purpose": metadata.task,
    }
    page = page_of(stem, graph.name, is_asked=f"{stem}.task.js" in made, library=library, fallback=fallback, known=known)
    return {FILE: page, **beside}


def page_of(
    stem: str, title: str, *, is_asked: bool, library: str = "", fallback: str = "", known: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """The page of a module.

    Args:
        stem: That of the module's files.
        title: What the model is called.
        is_asked: Whether there is a module of its task.
        library: The path of what makes tokens; empty where it is asked about no text.
        fallback: What the module computes with where there is no WebNN, see `webnn_graph.formats.save`.
        known: What else is known of the model, and shown; of random integers, ``ranges`` that they may have.
    """
    task = _address(f"{stem}.task.js") if is_asked else ""
    data = {"ranges": {}, **known, "module": _address(f"{stem}.js"), "task": task, "fallback": bool(fallback)}
    page, imports = _importing(library_of(fallback) if fallback else "", {TOKENIZERS: _address(library)} if library else {})
    return page.rendered(data, title=title, purpose=known.get("purpose", ""), imports=Markup(imports))  # noqa: S704 - ours


def _address(file: str) -> str:
    return f"./{quote(file, safe='/@')}"


def _ranges(graph: Graph) -> dict[str, tuple[int, int]]:
    """The least and the largest value for each integer input, of random ones that the graph can compute with."""
    integers = [operand for operand in graph.inputs if not operand.data_type.is_float]
    made = seeded(integers, bounds=implied(graph)) if integers else {}
    return {name: (int(values.min()), int(values.max())) for name, values in made.items() if values.size}


def _importing(library: str, tokenizing: Mapping[str, str]) -> tuple[Page, str]:
    """The page that may load ONNX Runtime Web, where it is named, and what makes tokens; and the import map that says where."""
    known = {**({library: INSTALLED} if library in LIBRARIES.values() else {}), **tokenizing}
    imports = json.dumps({"imports": known}) if known else ""
    scripts = " ".join([*(["'wasm-unsafe-eval'"] if library else []), *([source_of(imports)] if imports else [])])
    origin = ORIGIN.match(library)
    elsewhere = origin[0] if origin else ""
    more = {"script-src": f"{scripts} {elsewhere}", "connect-src": elsewhere}
    allows = {**PAGE.allows, **{name: f"{PAGE.allows[name]} {added}".strip() for name, added in more.items()}}
    return replace(PAGE, allows={**allows, "worker-src": "'self' blob:"} if library else allows), imports

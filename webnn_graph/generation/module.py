"""The ES module of a model that generates, ``index.js``: it imports the modules of the graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from webnn_graph.formats.expressions import literal, string, url
from webnn_graph.formats.fallback import shown
from webnn_graph.formats.javascript import filled, rendered, types
from webnn_graph.formats.weights import stored
from webnn_graph.generation.interface import IDS, MASK, PARTS, interface_of
from webnn_graph.generation.settings import MOST_BEAMS, Settings
from webnn_graph.generation.text import CONFIG, DATA, LIBRARY
from webnn_graph.graph import Graph
from webnn_graph.names import package_name

STEM = "index"
TEXT_MODULE, PACKAGE = "text.js", "package.json"
DEPENDENCIES = {"@huggingface/jinja": "^0.5.11", **LIBRARY}
FRAGMENTS = (
    "errors",
    "tensors",
    "devices",
    "weights",
    "loading",
    "caching",
    "parallel",
    "generator",
    "sampling",
    "beams",
    "chaining",
    "assembling",
    "generating",
    "telling",
    "fallback",
)
"""The plain modules that it holds, each behind those that it reads at once."""


def files(
    graphs: Mapping[str, Graph], settings: Settings, name: str, *, weights: Sequence[str], digest: str, text: bool, fallback: str = ""
) -> dict[str, str]:
    """The texts of the module and of its declarations; where there is a tokenizer also of what makes text of tokens.

    Args:
        graphs: As the modules beside it have them, by name.
        settings: Those of the model.
        name: What the model is called.
        weights: The files of weights, which the module fetches from its own folder, in order.
        digest: That of all weights.
        text: Whether the files of a tokenizer stand beside it.
        fallback: See `webnn_graph.formats.javascript.files`.

    Raises:
        ValidationError: The graphs do not fit together.
    """
    interface_of(graphs, settings)
    tensors = [operand for graph in graphs.values() for operand in (*graph.inputs, *graph.outputs, *stored(graph))]
    several, is_told = len(weights) > 1, settings.kind != "decoder"
    needed = {"parallel": several, "telling": is_told, "fallback": bool(fallback)}
    view: dict[str, Any] = {
        "title": string(name),
        "parts": [(part, string(f"./{part}.js")) for part in PARTS if part in graphs],
        "settings": literal(settings.document()),
        "digest": string(digest),
        "weights_file": string(", ".join(weights)),
        "weight_files": list(map(url, weights)),
        "types": types(operand.data_type for operand in tensors),
        "text": {"file": string(f"./{TEXT_MODULE}"), "data": [url(DATA), url(CONFIG)]} if text else None,
        "fallback": shown(fallback, STEM) if fallback else None,
        "fragments": [name for name in FRAGMENTS if needed.get(name, True)],
        "several": several,
        "is_told": is_told,
        "most_beams": MOST_BEAMS,
        "source": _source(graphs) if is_told else "",
        "example": '"..."' if text else "[1, 2, 3]",
    }
    made = rendered(STEM, STEM, view)
    if not text:
        return made
    package = {
        "name": package_name(name),
        "version": "1.0.0",
        "private": True,
        "type": "module",
        "main": f"{STEM}.js",
        "types": f"{STEM}.d.ts",
        "dependencies": DEPENDENCIES,
    }
    return {**made, TEXT_MODULE: filled(f"{TEXT_MODULE}.j2", {}), PACKAGE: json.dumps(package, indent=2) + "\n"}


def _source(graphs: Mapping[str, Graph]) -> str:
    """The TypeScript type of what is encoded."""
    first = graphs.get("spectrogram", graphs["encode"])
    names = {operand.name: operand.data_type.view for operand in first.inputs}
    numbers = [view for name, view in names.items() if name != MASK]
    tokens = "string | readonly number[]"
    alone = (tokens if IDS in names else numbers[0]) if len(numbers) == 1 else ""
    # Tokens that are filled up have their mask made.
    members = "; ".join(
        f"{name}{'?' if name == MASK and IDS in names else ''}: {f'{tokens} | {view}' if name == IDS else view}"
        for name, view in names.items()
    )
    return " | ".join(filter(None, [alone, f"{{ {members} }}"]))

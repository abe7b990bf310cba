"""An ES module with all that stands beside it: its declarations, its task, what its fallback computes with, the rest of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from webnn_graph.errors import ValidationError
from webnn_graph.formats import javascript, onnx
from webnn_graph.formats import task as tasks
from webnn_graph.formats.table import FORMATS, OPSETS
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph
from webnn_graph.weight import Place


def files(
    graph: Graph,
    stem: str,
    *,
    labels: bool = False,
    weights: Sequence[str] = (),
    digest: str = "",
    expand: bool = True,
    fallback: str = "",
    places: Mapping[str, Place] = MappingProxyType({}),
    opset: int | None = None,
    part: bool = False,
    task: bool = True,
    tokenizer: Sequence[str] = (),
    folders: Sequence[str] = (),
    **options: Any,
) -> dict[str, str | bytes]:
    """The contents of the files, by name: those of `webnn_graph.formats.javascript.files`, ``<stem>.fallback.onnx``, those of
    `webnn_graph.formats.task.files`, and those of folders.

    Args:
        graph: What the module computes, with and without WebNN.
        stem: See there, also for ``labels``, ``weights``, ``digest``, ``expand``, ``fallback``, ``places`` and ``part``.
        task: Whether the module is to be asked by itself about what the graph's metadata say; one that is a part never is.
        tokenizer: Names of the files of the graph's tokenizer that are beside it, see `webnn_graph.formats.task.files`.
        folders: Names of those that the module is the core of, see `webnn_graph.formats.table.Format`.
        options: Theirs.
        opset: Version of the model's operator set; by default the oldest, which every ONNX Runtime Web of a page has.

    Raises:
        ValidationError: An operand's name is not an identifier, or the fallback cannot give an output.
        WebNNError: There is no such fallback.
    """
    how: dict[str, Any] = {"expand": expand, "fallback": fallback, "places": places, "part": part}
    made: dict[str, str | bytes] = {**javascript.files(graph, stem, labels=labels, weights=weights, digest=digest, **how)}
    made |= tasks.files(graph, stem, tokenizer) if task and not part else {}
    if fallback:
        for operand in graph.outputs:
            if operand.data_type.bits == 4:
                raise ValidationError(f"ONNX Runtime Web gives no output of 4-bit integers, which {operand} is", "leave out --fallback")
        made |= onnx.files(graph, f"{stem}.fallback", labels=labels, places=places, digest=digest, opset=opset or OPSETS[0])
    read = weights if stored(graph) else ()
    known = FORMATS[".js"].folders
    return made | {
        name: text
        for folder in folders
        for name, text in known[folder].files(graph, stem, made, read, {**options, "fallback": fallback, "tokenizer": tokenizer}).items()
    }

"""An ES module with all that stands beside it: its declarations, its task, and where it has a fallback that one's file and ONNX model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from webnn_graph.errors import ValidationError
from webnn_graph.formats import javascript, onnx
from webnn_graph.formats import task as tasks
from webnn_graph.formats.table import OPSETS
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
) -> dict[str, str | bytes]:
    """The contents of the files, by name: those of `webnn_graph.formats.javascript.files`, ``<stem>.fallback.onnx``, and
    those of `webnn_graph.formats.task.files`.

    Args:
        graph: What the module computes, with and without WebNN.
        stem: See there, also for ``labels``, ``weights``, ``digest``, ``expand``, ``fallback``, ``places`` and ``part``.
        task: Whether the module is to be asked by itself about what the graph's metadata say; one that is a part never is.
        opset: Version of the model's operator set; by default the oldest, which every ONNX Runtime Web of a page has.

    Raises:
        ValidationError: An operand's name is not an identifier, or the fallback cannot give an output.
        WebNNError: There is no such fallback.
    """
    how: dict[str, Any] = {"expand": expand, "fallback": fallback, "places": places, "part": part}
    texts = javascript.files(graph, stem, labels=labels, weights=weights, digest=digest, **how)
    texts |= tasks.files(graph, stem) if task and not part else {}
    if not fallback:
        return {**texts}
    for operand in graph.outputs:
        if operand.data_type.bits == 4:
            raise ValidationError(f"ONNX Runtime Web gives no output of 4-bit integers, which {operand} is", "leave out --fallback")
    return {**texts, **onnx.files(graph, f"{stem}.fallback", labels=labels, places=places, digest=digest, opset=opset or OPSETS[0])}

"""What a graph itself says of outputs: how boxes and scores lie in one tensor, and whether scores are probabilities."""

from __future__ import annotations

from typing import Any

from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import cells

SHAPED = ("reshape", "identity", "cast", "transpose", "slice")
"""What changes no numbers."""


def form_of(graph: Graph, output: Operand, labels: int, size: tuple[int, int] | None) -> Any:
    """`webnn_graph.metadata.Detections.form` as sizes tell it: YOLOv5 has objects, later ones columns, or what is chosen of them.

    YOLOX has objects, too, unless its last steps are missing, of which one is the exponential function.

    Args:
        graph: The graph.
        output: One of its outputs.
        labels: How many there are.
        size: Height and width of the picture; None where they are not known.
    """
    rows, columns = output.shape[-2:]
    if size and (rows, columns) == (cells(size), 5 + labels) and not any(node.op == "exp" for node in graph.nodes):
        return "cells"
    return "columns" if rows == 4 + labels else "final" if columns == 6 else "objects"


def scores_of(graph: Graph, output: Operand) -> Any:
    """`webnn_graph.metadata.Labels.scores` of an output: probabilities where softmax or the sigmoid has made it, else logits."""
    producers = {operand: node for node in graph.nodes for operand in node.outputs}
    node = producers.get(output)
    while node is not None and node.op in SHAPED:
        node = producers.get(node.operands[0])
    return "probabilities" if node is not None and node.op in ("softmax", "sigmoid") else "logits"

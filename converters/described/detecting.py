"""What a graph itself says of outputs: how boxes and scores lie in one tensor, and whether scores are probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webnn_graph.graph import Graph, Operand

SHAPED = ("reshape", "identity", "cast", "transpose", "slice")
"""What changes no numbers."""


def form_of(shape: tuple[int, ...], labels: int) -> Any:
    """`webnn_graph.metadata.Detections.form` as sizes tell it: YOLOv5 has objects, later ones columns, or what is chosen of them."""
    rows, columns = shape[-2:]
    return "columns" if rows == 4 + labels else "final" if columns == 6 else "objects"


def spelling(characters: Sequence[str], count: int) -> tuple[str, ...]:
    """What each of so many numbers of a recognizer stands for; empty where they cannot be of these characters.

    As PaddleOCR has it, a dictionary may lack the blank, which is the first then, and the space, which is the last.
    """
    before, behind = {0: (0, 0), 1: (1, 0), 2: (1, 1)}.get(count - len(characters), (0, -1))
    return ("",) * before + tuple(characters) + (" ",) * behind if behind >= 0 else ()


def scores_of(graph: Graph, output: Operand) -> Any:
    """`webnn_graph.metadata.Labels.scores` of an output: probabilities where softmax or the sigmoid has made it, else logits."""
    producers = {operand: node for node in graph.nodes for operand in node.outputs}
    node = producers.get(output)
    while node is not None and node.op in SHAPED:
        node = producers.get(node.operands[0])
    return "probabilities" if node is not None and node.op in ("softmax", "sigmoid") else "logits"

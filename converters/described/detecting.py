"""What a graph itself says of outputs: how boxes and scores lie in one tensor, and whether scores are probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import MOST_POINTS, Detections, Points, strides_of
from webnn_graph.tasks.overlaps import MOST_BOXES

SHAPED = ("reshape", "identity", "cast", "transpose", "slice")
"""What changes no numbers."""


def form_of(shape: tuple[int, ...], labels: int, rest: int = 0) -> Any:
    """`webnn_graph.metadata.Detections.form` as sizes tell it: YOLOv5 has objects, later ones columns, or what is chosen of them.

    Args:
        shape: Of the output.
        labels: How many there are.
        rest: How many numbers each box has behind its scores.
    """
    rows, columns = shape[-2:]
    return "columns" if rows == 4 + labels + rest else "final" if columns == 6 + rest else "objects"


def is_of_cells(graph: Graph, shape: tuple[int, ...], labels: int, size: tuple[int, int] | None) -> bool:
    """Whether boxes are those of YOLOX without its last steps, of which one is the exponential function.

    Args:
        graph: The graph.
        shape: Of its output.
        labels: How many there are.
        size: Height and width of the picture that the model takes; None where they are not known.
    """
    is_cells = size is not None and shape[-1] == 5 + labels and strides_of(size, shape[-2]) is not None
    return is_cells and not any(node.op == "exp" for node in graph.nodes)


def with_points(shape: tuple[int, ...], names: tuple[str, ...]) -> Detections | None:
    """Detections with as many points as there is room for behind the scores, of three numbers each, or of two where three do not fit."""
    rows, columns = shape[-2:]
    form: Any = "columns" if rows < columns else "final" if rows <= MOST_BOXES else "objects"
    room = (rows if form == "columns" else columns) - Detections(names=names, form=form).first
    size = 2 if room % 3 else 3
    if not size <= room <= size * MOST_POINTS:
        return None
    return Detections(names=names, form=form, points=Points(count=room // size, scored=size == 3))


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

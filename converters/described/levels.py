"""Which outputs are grids of cells with scores, and which say how far the sides of their boxes are, as PicoDet has them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from converters.described.detecting import scores_of
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Level, Meaning, Sides, picture_size

STRIDES = tuple(2**power for power in range(2, 8))


def levels(graph: Graph, names: tuple[str, ...], known: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """What outputs of so many labels, and others of the same cells, are; nothing where any output is something else.

    Args:
        graph: The graph.
        names: The labels.
        known: What inputs are, by name.
    """
    size = picture_size(graph.inputs, known)
    found: dict[str, Meaning] = {}
    for operand in graph.outputs:
        distances = [other for other in graph.outputs if _are_distances(other, operand, len(names))]
        scores = scores_of(graph, operand)
        could_be = (Level(names=names, scores=scores, stride=side) for side in STRIDES)
        level = next((one for one in could_be if size and operand.rank > 1 and operand.shape[-2] == prod(one.cells(size))), None)
        if level and len(distances) == 1 and operand.shape[-1] == len(names):
            found |= {operand.name: level, distances[0].name: Sides()}
    return found if len(found) == len(graph.outputs) else {}


def _are_distances(other: Operand, operand: Operand, labels: int) -> bool:
    """Whether an output says of the cells of another one how far sides are, each of two distances or more."""
    are_cells = min(other.rank, operand.rank) > 1 and other.shape[:-1] == operand.shape[:-1]
    return are_cells and other.shape[-1] != labels and other.shape[-1] >= 8 and other.shape[-1] % 4 == 0

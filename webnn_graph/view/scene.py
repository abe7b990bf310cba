"""What the page knows of a graph, as JSON: its calls and tensors, and the layout of each group."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Node, Operand, map_arguments
from webnn_graph.ops import OPS
from webnn_graph.view.groups import Group, calls, grouped
from webnn_graph.view.layers import Edge, laid_out
from webnn_graph.weight import Weight

BINS = 32
"""Bars of a histogram."""
SAMPLE = 2**16
"""Elements of a weight that its statistics are taken from at most, evenly spread."""
EXACT = 2**53
"""Integers up to this are exact as numbers of JavaScript."""
VALUES_SHOWN = 16
"""Elements of a small constant that are shown themselves."""


@dataclass(frozen=True)
class Mark:
    """What a picture says of a call besides its kind.

    Attributes:
        level: From 0, nothing to see, to 1; or one of ``ok``, ``warning``, ``fault``, ``added``, ``removed`` and ``changed``.
        text: What it means, in a line.
    """

    level: float | str
    text: str


@dataclass(frozen=True)
class Overlay:
    """A way of colouring the calls of a graph.

    Attributes:
        title: What is shown.
        marks: Of the calls that there is something to say of, by the first result's name.
    """

    title: str
    marks: Mapping[str, Mark]


def scene(graph: Graph, overlays: Sequence[Overlay] = ()) -> dict[str, Any]:
    """All that the page shows of a graph; only numbers, strings, lists and dictionaries with string keys.

    Raises:
        RuntimeUnavailable: The library that lays out is not installed.
    """
    numbers = {operand: number for number, operand in enumerate(graph.operands.values())}
    where = {node: number for number, node in enumerate(graph.nodes)}
    groups = _Groups(graph, numbers, where)
    groups.add(grouped(graph), "")
    return {
        "name": graph.name,
        "operands": [_operand(operand) for operand in numbers],
        "inputs": [numbers[operand] for operand in graph.inputs],
        "outputs": [numbers[operand] for operand in graph.outputs],
        "weights": {str(numbers[operand]): _weight(weight) for operand, weight in graph.weights.items()},
        "nodes": [_node(node, numbers) for node in graph.nodes],
        "groups": groups.documents,
        "overlays": [_overlay(overlay, graph, where) for overlay in overlays],
    }


def _operand(operand: Operand) -> dict[str, Any]:
    return {"name": operand.name, "type": str(operand.data_type), "shape": list(operand.shape), "bytes": operand.nbytes}


def _node(node: Node, numbers: Mapping[Operand, int]) -> dict[str, Any]:
    referred = map_arguments(node.arguments, lambda operand: {"operand": numbers[operand]})
    arguments = {name: _plain(value) for name, value in referred.items()}
    kind = OPS[node.op].category
    return {
        "op": node.op,
        "kind": kind,
        "label": node.label,
        "arguments": arguments,
        "outputs": [numbers[output] for output in node.outputs],
    }


def _plain(value: Any) -> Any:
    """A value of an argument as the page's script has it: numbers that JSON or JavaScript lack are strings."""
    if isinstance(value, DataType):
        return str(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, int) and abs(value) > EXACT:
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _weight(weight: Weight) -> dict[str, Any]:
    """Statistics of a weight; see `SAMPLE`."""
    flat = weight.array.reshape(-1)
    step = -(-flat.size // SAMPLE) or 1
    sample = flat[::step].astype(np.float64)
    finite = sample[np.isfinite(sample)]
    document: dict[str, Any] = {"sampled": len(sample), "nonfinite": len(sample) - len(finite)}
    if flat.size <= VALUES_SHOWN:
        document["values"] = _plain(flat.tolist())
    if not len(finite):
        return document
    least, most = (flat[::step].min(), flat[::step].max()) if flat.dtype.kind in "iu" else (finite.min(), finite.max())
    document |= {"min": least, "max": most, "zeros": int((finite == 0).sum())}
    scale = float(np.abs(finite).max()) or 1.0
    document |= {"mean": float((finite / scale).mean()) * scale, "deviation": float((finite / scale).std()) * scale}
    if finite.min() < finite.max():
        document["histogram"] = np.histogram(finite / scale, BINS)[0].tolist()
    return {name: _plain(value) for name, value in document.items()}


def _overlay(overlay: Overlay, graph: Graph, where: Mapping[Node, int]) -> dict[str, Any]:
    marks = {str(where[node]): overlay.marks[node.outputs[0].name] for node in graph.nodes if node.outputs[0].name in overlay.marks}
    return {"title": overlay.title, "marks": {number: [mark.level, mark.text] for number, mark in marks.items()}}


@dataclass
class _Groups:
    """The groups with their layouts, each before those inside of it."""

    graph: Graph
    numbers: Mapping[Operand, int]
    where: Mapping[Node, int]
    documents: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.results = set(self.graph.outputs)
        self.readers: Mapping[Operand, list[Node]] = defaultdict(list)
        for node in self.graph.nodes:
            for operand in dict.fromkeys(node.operands):
                self.readers[operand].append(node)

    def add(self, group: Group, around: str) -> int:
        """Enters a group and gives its number."""
        number, path = len(self.documents), "/".join(filter(None, (around, group.name)))
        self.documents.append({})
        whole = not number
        owner = {node: place for place, item in enumerate(group.items) for node in calls(item)}
        made = {output: owner[node] for node in group.nodes for output in node.outputs}
        entering = self.graph.inputs if whole else self._entering(group, made)
        leaving = self.graph.outputs if whole else [operand for operand in made if self._leaves(operand, owner)]
        vertices = [self._vertex(item, path) for item in group.items]
        made |= {operand: len(vertices) + place for place, operand in enumerate(entering)}
        first_left = len(vertices) + len(entering)
        vertices += [["input" if whole else "enter", self.numbers[operand]] for operand in entering]
        vertices += [["output" if whole else "leave", self.numbers[operand]] for operand in leaving]
        edges = {
            Edge(source, owner[reader], self.numbers[operand]): None
            for operand, source in made.items()
            for reader in self.readers[operand]
            if reader in owner and owner[reader] != source
        }
        edges |= {Edge(made[operand], first_left + place, self.numbers[operand]): None for place, operand in enumerate(leaving)}
        layout = laid_out(len(vertices), list(edges), range(len(group.items), first_left), range(first_left, len(vertices)))
        self.documents[number] = {
            "name": group.name,
            "path": path,
            "calls": [self.where[node] for node in group.nodes],
            "vertices": vertices,
            "rows": list(layout.rows),
            "places": [round(place, 3) for place in layout.places],
            "ways": [[edge.tensor, *way] for edge, way in zip(edges, layout.ways, strict=True)],
        }
        return number

    def _vertex(self, item: Node | Group, path: str) -> list[Any]:
        return ["group", self.add(item, path)] if isinstance(item, Group) else ["node", self.where[item]]

    def _entering(self, group: Group, made: Mapping[Operand, int]) -> list[Operand]:
        read = dict.fromkeys(operand for node in group.nodes for operand in node.operands)
        return [operand for operand in read if operand not in made and operand not in self.graph.constants]

    def _leaves(self, operand: Operand, owner: Mapping[Node, int]) -> bool:
        return operand in self.results or any(reader not in owner for reader in self.readers[operand])

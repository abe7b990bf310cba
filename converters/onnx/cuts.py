"""Where a graph can be cut so that nodes without an equivalent stay outside, as the options that do it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

import onnx

from converters import random_numbers
from converters.onnx.reading.order import needed_nodes, reads
from webnn_graph.hints import options


class Cut(StrEnum):
    """On which side of such a node; the value is what is said of it."""

    BEFORE = "end the graph before it"
    AFTER = "begin the graph after it"
    INSTEAD = f"{random_numbers.HINT}; or feed them as an input"


def hints(
    graph: onnx.GraphProto,
    refused: Mapping[Cut, Sequence[onnx.NodeProto]],
    inputs: Sequence[str],
    outputs: Sequence[str],
    constant: Collection[str],
) -> dict[str, str]:
    """What to say of nodes of the model's own graph, by what is said of them now: with all options that a command needs then.

    Args:
        graph: The model's graph.
        refused: The nodes that must stay outside.
        inputs: What the graph begins at.
        outputs: What it ends at.
        constant: Values that are known at conversion.
    """
    ends, given = list(outputs), {*inputs, *constant}
    if refused.get(Cut.BEFORE):
        ends = _ends(graph, refused[Cut.BEFORE], outputs, given)
    found = {str(Cut.BEFORE): f"{Cut.BEFORE}: {options('output', ends)}"} if refused.get(Cut.BEFORE) and ends else {}
    after = [node for cut in (Cut.AFTER, Cut.INSTEAD) for node in refused.get(cut, ())]
    begins = _begins(graph, after, inputs, ends, constant)
    found |= {str(cut): f"{cut}: {options('input', begins)}" for cut in (Cut.AFTER, Cut.INSTEAD) if refused.get(cut) and begins}
    return found


def _ends(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto], outputs: Sequence[str], given: Collection[str]) -> list[str]:
    """The outputs that do not depend on the nodes, and what is computed for these."""
    behind = _depending(graph, {name for node in nodes for name in node.output if name})
    made = {name for node in graph.node for name in node.output}
    read = [name for node in nodes for name in node.input if name in made and name not in given]
    return [name for name in dict.fromkeys([*outputs, *read]) if name not in behind]


def _begins(
    graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto], inputs: Sequence[str], outputs: Sequence[str], constant: Collection[str]
) -> list[str]:
    """The inputs that the rest of the model still reads, and the results of the nodes that it reads."""
    results = [name for node in nodes for name in node.output if name]
    rest = needed_nodes(graph.node, outputs, {*inputs, *constant, *results})
    read = {name for node in rest for name in reads(node)} | set(outputs)
    return [name for name in dict.fromkeys([*inputs, *results]) if name in read]


def _depending(graph: onnx.GraphProto, names: set[str]) -> set[str]:
    """These values, and all that are computed of them."""
    found, before = set(names), 0
    while len(found) > before:
        before = len(found)
        for node in graph.node:
            if not found.isdisjoint(reads(node)):
                found.update(filter(None, node.output))
    return found

"""What a graph needs so that rustnn's loader reads its files right: nothing that changes what is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import replace

from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Node, Operand, map_arguments
from webnn_graph.names import Names
from webnn_graph.ops import OPS

SHAPELESS = frozenset(
    """
    argMax argMin batchNormalization clamp conv2d convTranspose2d elu gather gatherElements gatherND gru hardSigmoid hardSwish
    instanceNormalization layerNormalization leakyRelu logicalAnd logicalNot logicalOr logicalXor lstm lstmCell pad prelu
    reduceL1 reduceL2 reduceLogSum reduceLogSumExp reduceMax reduceMean reduceMin reduceProduct reduceSum reduceSumSquare
    resample2d roundEven scatterElements scatterND split triangular
    """.split()
)
"""Operators whose results have no shape after loading, or a wrong one, or now and then one of these."""

SHAPED_BY_OPTIONS = ("reshape", "expand")
"""Operators whose results have a shape whatever they read."""

NEED_SHAPES = frozenset(name for name, op in OPS.items() if op.category not in ("elementwise", "activation") or len(op.operands) > 1) - set(
    SHAPED_BY_OPTIONS[:1]
)
"""Operators that fail on, or are wrong for, an operand without a shape: all but those that go through it element by element."""

TAKEN_FOR_FLOAT = ("scatterElements", "scatterND", "roundEven", "l2Pool2d")
"""Operators whose results are taken for float32 by what reads them, whatever they are."""


def readable(graph: Graph) -> Graph:
    """The graph as rustnn's loader reads it right.

    It takes some results for another type than they have. It infers the shapes of some results and not of others, and computes
    some calls that read one of the others wrong. It names its nodes after labels and then refuses names that occur twice.
    """
    return _with_distinct_labels(with_shapes(_with_types(graph), SHAPELESS))


def _with_types(graph: Graph) -> Graph:
    """The graph with casts to the type that it already has of each tensor that rustnn takes for another."""
    names = Names()
    for name in graph.operands:
        names.take(name)
    typed: dict[Operand, Operand] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(replace(node, arguments=map_arguments(node.arguments, lambda operand: typed.get(operand, operand))))
        if node.op in TAKEN_FOR_FLOAT and node.output.data_type is not DataType.FLOAT32:
            result = node.output
            typed[result] = Operand(result.data_type, result.shape, names.take(f"{result.name}_typed"))
            nodes.append(Node("cast", {"input": result, "dataType": result.data_type}, (typed[result],)))
    read = {operand for node in nodes for operand in node.operands}
    return replace(graph, nodes=tuple(node for node in nodes if read.union(graph.outputs).intersection(node.outputs)))


def _with_distinct_labels(graph: Graph) -> Graph:
    """The graph with a number behind every label that came before."""
    count: Counter[str] = Counter()
    nodes = []
    for node in graph.nodes:
        count[node.label] += 1
        label = f"{node.label} #{count[node.label]}" if node.label and count[node.label] > 1 else node.label
        nodes.append(replace(node, label=label))
    return replace(graph, nodes=tuple(nodes))


def with_shapes(graph: Graph, shapeless: Container[str]) -> Graph:
    """The graph with reshapes to the shape it already has of each tensor that rustnn has to be told the shape of.

    The reshapes do nothing, so that a `GraphBuilder` would leave them out.

    Args:
        graph: The graph.
        shapeless: Operators whose results have no shape, or a wrong one.
    """
    names = Names()
    for name in graph.operands:
        names.take(name)
    unknown: set[Operand] = set()
    shaped: dict[Operand, Operand] = {}
    nodes: list[Node] = []

    def told(operand: Operand) -> Operand:
        if operand not in unknown:
            return operand
        if operand not in shaped:
            shaped[operand] = Operand(operand.data_type, operand.shape, names.take(f"{operand.name}_shaped"))
            nodes.append(Node("reshape", {"input": operand, "newShape": list(operand.shape)}, (shaped[operand],)))
        return shaped[operand]

    for node in graph.nodes:
        if node.op in NEED_SHAPES:
            node = replace(node, arguments=map_arguments(node.arguments, told))
        nodes.append(node)
        strided = node.op == "slice" and max(node.arguments.get("strides", [1])) > 1
        vague = node.op in shapeless or strided or not unknown.isdisjoint(node.operands)
        if vague and node.op not in SHAPED_BY_OPTIONS:
            unknown.update(node.outputs)
    return replace(graph, nodes=tuple(nodes))

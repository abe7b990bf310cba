"""One file of weights for several graphs: the same name for the same weight, and for no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from webnn_graph.errors import ValidationError
from webnn_graph.formats.constants import external, is_inline
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import Names
from webnn_graph.weight import Values, Weight, hash_together


def with_shared_names(graphs: Sequence[Graph], fixed: int = 0) -> list[Graph]:
    """The same graphs, their weights named so that two of one name are the same bit by bit, and the same ones have one name.

    The first graph that has a weight gives it its name, unless something else is called so.

    Args:
        graphs: Of one model.
        fixed: How many of the graphs, from the first, keep all their names.
    """
    names = Names()
    shared: dict[object, str] = {}
    reserved: dict[str, str] = {}
    for graph in graphs[:fixed]:
        for operand, content in _contents(external(graph)):
            if operand.name not in reserved:
                reserved[operand.name] = names.take(operand.name)
            shared.setdefault(content, reserved[operand.name])
    for name in dict.fromkeys(operand.name for graph in graphs for operand in graph.operands.values() if not _is_weight(graph, operand)):
        names.take(name)
    results = list(graphs[:fixed])
    for graph in graphs[fixed:]:
        own = {}
        for operand, content in _contents(external(graph)):
            if content not in shared:
                shared[content] = names.take(operand.name)
            own[operand] = shared[content]
        results.append(_renamed(graph, own))
    return results


def _is_weight(graph: Graph, operand: Operand) -> bool:
    return operand in graph.constants and not is_inline(operand)


def _contents(weights: Mapping[Operand, Weight]) -> Iterable[tuple[Operand, object]]:
    """For each weight what is equal for the same weights of two graphs, but not for two weights of one graph."""
    hash_together(weights.values())
    times: Counter[object] = Counter()
    for operand, weight in weights.items():
        content = operand.data_type, operand.shape, weight.digest
        yield operand, (content, times[content])
        times[content] += 1


def _renamed(graph: Graph, names: Mapping[Operand, str]) -> Graph:
    """The graph with other names for some operands."""
    known = set(graph.operands.values())
    for node in graph.nodes:
        for operand in node.operands:
            if operand not in known:
                raise ValidationError(f"{node.label or node.op} reads {operand}, which is not in the graph")
    if all(operand.name == name for operand, name in names.items()):
        return graph
    made = {operand: operand.named(names.get(operand, operand.name)) for operand in known}
    return Graph(
        name=graph.name,
        inputs=tuple(made[operand] for operand in graph.inputs),
        constants=Values({made[operand]: weight for operand, weight in graph.weights.items()}),
        nodes=tuple(node.with_operands(made.__getitem__) for node in graph.nodes),
        outputs=tuple(made[operand] for operand in graph.outputs),
        notes=graph.notes,
        metadata=graph.metadata,
    )

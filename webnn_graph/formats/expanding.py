"""What a module computes once, when it is loaded: dequantized weights, and other expressions of constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from webnn_graph.data_types import BYTES, Array
from webnn_graph.expansion import Expansion, Split, axes_of, batches, split
from webnn_graph.formats.expressions import constant, literal, object_of, statement, string, typed_array, variable
from webnn_graph.graph import Graph, Node, Operand, map_arguments
from webnn_graph.targets.target import PORTABLE, load_target


def parts_of(graph: Graph) -> Split:
    """A graph in the parts that a module computes, whose constants are for any browser."""
    return split(graph, load_target(PORTABLE).most_bytes("constant"))


def expanding(parts: Split, weights: Sequence[Operand], constants: Mapping[Operand, Array]) -> dict[str, Any]:
    """What the template shows of them.

    Args:
        parts: Of the graph.
        weights: In the order of their file.
        constants: The values of all constants; those that are not among ``weights`` are written out.

    Returns:
        ``dequantized``: the entries of ``DEQUANTIZED``. ``expanders``: each function's name, parameters, statements and results.
        ``expansions``: the groups of entries of ``EXPANSIONS``.
    """
    order = {operand: i for i, operand in enumerate(weights)}
    dequantized = [_dequantized(node, order, constants) for node in parts.dequantized]
    for node in parts.dequantized:
        order[node.output] = max((order[operand] for operand in node.operands if operand in order), default=-1)
    names: dict[_Function, str] = {}
    groups = []
    for together in batches(parts.expansions, order):
        entries = []
        for expansion in together:
            reads = [operand for operand in expansion.reads if operand in order]
            name = names.setdefault(_function(expansion, reads, constants), f"expand{len(names) + 1}")
            entries.append(f"[{name}, {_names(reads)}, {_names(expansion.makes)}]")
        groups.append(entries)
    expanders = [(name, *astuple(function)) for function, name in names.items()]
    return {"dequantized": dequantized, "expanders": expanders, "expansions": groups}


def _dequantized(node: Node, weights: Mapping[Operand, int], constants: Mapping[Operand, Array]) -> str:
    def read(operand: Operand) -> str:
        if operand in weights:
            return string(operand.name)
        numbers = typed_array(BYTES.get(operand.data_type, operand.data_type), constants[operand].ravel())
        return object_of({"shape": literal(list(operand.shape)), "data": numbers})

    operands = (node.arguments[name] for name in ("input", "scale", "zeroPoint"))
    return f"[{string(node.output.name)}, {', '.join(map(read, operands))}, {literal([list(axis) for axis in axes_of(node)])}]"


@dataclass(frozen=True)
class _Function:
    """What computes an expansion: the same for all that differ only in names."""

    parameters: tuple[str, ...]
    lines: tuple[str, ...]
    results: tuple[str, ...]


def _function(expansion: Expansion, reads: Sequence[Operand], constants: Mapping[Operand, Array]) -> _Function:
    named: dict[Operand, Operand] = {}

    def again(operand: Operand) -> Operand:
        data_type = BYTES.get(operand.data_type, operand.data_type)  # which the module makes of 4 bits, for any implementation
        return named.setdefault(operand, Operand(data_type, operand.shape, f"v{len(named) + 1}"))

    parameters = tuple(variable(again(operand).name) for operand in reads)
    written = {operand: constants[operand] for operand in expansion.reads if operand not in set(reads)}
    lines = [f"const {variable(again(operand).name)} = {constant(again(operand), array)};" for operand, array in written.items()]
    for node in expansion.nodes:
        outputs = tuple(map(again, node.outputs))
        lines.append(statement(Node(node.op, map_arguments(node.arguments, again), outputs), labels=False))
    return _Function(parameters, tuple(lines), tuple(variable(again(operand).name) for operand in expansion.makes))


def _names(operands: Sequence[Operand]) -> str:
    return literal([operand.name for operand in operands])

"""Re-checks a whole graph: for graphs that a pass has changed, or that were put together by hand."""

from __future__ import annotations

from webnn_graph.data_types import Array, distinct
from webnn_graph.errors import ValidationError, Where
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.names import IDENTIFIER, nearest
from webnn_graph.ops import OPS
from webnn_graph.ops.rules import check_shape


def validate(graph: Graph) -> None:
    """Checks names, order, every call and every constant of a graph.

    Raises:
        ValidationError: An operand's name is no identifier or is used twice; a node reads what is not defined before it (an
            unknown operand, or a cycle); a call breaks a rule of the standard, or its results are not what the standard
            says; a constant's array is not what the operand says; an output is not the result of a node, or is one twice.
    """
    defined: set[Operand] = set()
    names: set[str] = set()

    def define(operand: Operand, what: str) -> None:
        if operand in defined:
            raise ValidationError(f"{what} {operand.name!r} is defined twice")
        if not IDENTIFIER.match(operand.name):
            raise ValidationError(f"{what} {operand.name!r} is not named by an identifier")
        if operand.name in names:
            raise ValidationError(f"the name {operand.name!r} is used twice")
        check_shape(f"{what} {operand.name!r} has", operand.shape)
        names.add(operand.name)
        defined.add(operand)

    for operand in graph.inputs:
        define(operand, "input")
    for operand, array in graph.constants.items():
        define(operand, "constant")
        _check_array(operand, array)
    results = {output for node in graph.nodes for output in node.outputs}
    for node in graph.nodes:
        try:
            _check_node(node, defined, results)
        except ValidationError as error:
            label = node.label or f"{node.op} ({', '.join(output.name for output in node.outputs)})"
            raise error.at(Where(node=label)) from None
        for output in node.outputs:
            define(output, "result")
    _check_outputs(graph, results)


def _check_array(operand: Operand, array: Array) -> None:
    if array.shape != operand.shape or array.dtype != operand.data_type.numpy:
        raise ValidationError(f"constant {operand} has an array of {array.dtype}{list(array.shape)}")
    smallest, largest = operand.data_type.range
    values = distinct(array)
    if operand.data_type.bits == 4 and not ((values >= smallest) & (values <= largest)).all():
        raise ValidationError(f"constant {operand} has elements outside {smallest} to {largest}")


def _check_node(node: Node, defined: set[Operand], results: set[Operand]) -> None:
    if node.op not in OPS:
        raise ValidationError(f"WebNN has no operator {node.op!r}", nearest(node.op, OPS))
    for operand in node.operands:
        if operand not in defined:
            why = "is read before it is defined: a cycle, or a wrong order" if operand in results else "is not in the graph"
            raise ValidationError(f"{operand.name!r} {why}")
    operator = OPS[node.op]
    inferred = operator.infer(operator.bind([], node.arguments))
    declared = tuple(output.descriptor for output in node.outputs)
    if declared != inferred:
        described = ", ".join(map(str, inferred)), ", ".join(map(str, declared))
        raise ValidationError(f"{node.op} returns {described[0]}; the graph says {described[1]}")


def _check_outputs(graph: Graph, results: set[Operand]) -> None:
    if not graph.outputs:
        raise ValidationError("the graph has no outputs")
    seen: set[Operand] = set()
    for output in graph.outputs:
        if output not in results:
            raise ValidationError(f"the output {output.name!r} is not the result of a node", "make it an identity of one")
        if output in seen:
            raise ValidationError(f"the output {output.name!r} is listed twice")
        seen.add(output)

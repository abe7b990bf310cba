"""The operator table: every operator of the standard, declared once.

The files of this package declare; importing them fills `OPS`.
"""

from __future__ import annotations

from collections.abc import Callable

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Node, Operand, map_arguments
from webnn_graph.modules import modules_of
from webnn_graph.ops.declare import OPS, Op
from webnn_graph.ops.parameters import Parameter
from webnn_graph.ops.traits import Trait

__all__ = ["FILES", "OPS", "Op", "Parameter", "Trait", "evaluate", "having"]

FILES = modules_of(__name__)
"""The files that declare operators, and what they share."""


def having(*traits: Trait) -> tuple[str, ...]:
    """The names of the operators that have all of these traits."""
    return tuple(op.name for op in OPS.values() if op.traits.issuperset(traits))


def evaluate(node: Node, value: Callable[[Operand], Array]) -> dict[Operand, Array]:
    """The arrays of a node's outputs, given those of its operands.

    Raises:
        ValidationError: The operator has no result for an operand without elements, which only constants can be.
    """
    try:
        arrays = OPS[node.op].execute(map_arguments(node.arguments, value), node.outputs)
    except (ValueError, IndexError):
        if all(operand.size for operand in node.operands):
            raise
        raise ValidationError(f"{node.op} of a tensor without elements has no result") from None
    return dict(zip(node.outputs, arrays, strict=True))

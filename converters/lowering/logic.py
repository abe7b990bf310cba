"""Truth values: WebNN has no boolean type, its logical operators use uint8 with 0 and 1."""

from __future__ import annotations

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops import OPS, Trait


def truth(b: GraphBuilder, x: Operand) -> Operand:
    """1 where ``x`` is not 0, as uint8; ``x`` itself when it is the result of an operator that gives 0 and 1."""
    before = b.producer(x)
    if x.data_type == DataType.UINT8 and before is not None and Trait.TRUTH in OPS[before.op].traits:
        return x
    return b.notEqual(x, 0)

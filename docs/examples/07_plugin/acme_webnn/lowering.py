"""What the operator becomes, whichever framework it comes from."""

from webnn_graph import GraphBuilder, Operand


def gated_silu(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    gate, value = b.split(x, 2, axis=axis % len(x.shape))
    return b.mul(b.mul(gate, b.sigmoid(gate)), value)

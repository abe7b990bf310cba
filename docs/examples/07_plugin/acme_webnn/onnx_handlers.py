"""com.acme.GatedSiLU in ONNX files. Inputs are positional parameters, attributes are keywords; names and defaults are the operator's."""

from acme_webnn.lowering import gated_silu
from converters.onnx import onnx_op
from webnn_graph import GraphBuilder, Operand


@onnx_op("GatedSiLU", domain="com.acme", how="split, sigmoid, mul")
def convert_gated_silu(b: GraphBuilder, X: Operand, *, axis: int = -1) -> Operand:
    return gated_silu(b, X, axis)

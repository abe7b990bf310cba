"""acme::gated_silu in PyTorch programs. The parameters are those of the operator's schema."""

import torch

import acme_webnn.torch_operators  # noqa: F401  defines the operator
from acme_webnn.lowering import gated_silu
from converters.torch import aten_op
from webnn_graph import GraphBuilder, Operand


@aten_op(torch.ops.acme.gated_silu.default, how="split, sigmoid, mul")
def convert_gated_silu(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    return gated_silu(b, x, axis)

"""Attention that PyTorch keeps whole."""

from __future__ import annotations

from typing import Any

from converters.lowering.scaled_dot_product import attention
from converters.torch.registry import aten, aten_op, unavailable
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


def _refuse_dropout(dropout_p: float) -> None:
    if dropout_p:
        raise ConversionError(f"attention with dropout {dropout_p} is random", "call module.eval() before exporting")


@aten_op(aten.scaled_dot_product_attention.default)
def scaled_dot_product_attention(
    b: GraphBuilder,
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None,
    dropout_p: float,
    is_causal: bool,
    *,
    scale: float | None,
    enable_gqa: bool,
) -> Operand:
    """matmul, softmax, matmul; masks by where or add."""
    _refuse_dropout(dropout_p)
    return attention(b, query, key, value, attn_mask, scale=scale, causal=is_causal)


@aten_op(aten._scaled_dot_product_flash_attention_for_cpu.default)
def flash_attention(
    b: GraphBuilder,
    query: Operand,
    key: Operand,
    value: Operand,
    dropout_p: float,
    is_causal: bool,
    *,
    attn_mask: Operand | None,
    scale: float | None,
) -> Any:
    """matmul, softmax, matmul; masks by where or add."""
    _refuse_dropout(dropout_p)
    return attention(b, query, key, value, attn_mask, scale=scale, causal=is_causal), unavailable("the log-sum-exp of attention")

"""Attention that PyTorch keeps whole."""

from __future__ import annotations

import math
from typing import Any

from converters.lowering import attention as lowering
from converters.torch.registry import aten, aten_op, unavailable
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


def attended(
    b: GraphBuilder,
    query: Operand,
    key: Operand,
    value: Operand,
    mask: Operand | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
) -> Operand:
    """softmax(scale * query key^T + mask) value, of [..., heads, length, size] each.

    A mask of booleans says which keys a query sees; one that sees none gives zeros. Other masks are added.
    """
    if dropout_p:
        raise ConversionError(f"attention with dropout {dropout_p} is random", "call module.eval() before exporting")
    bias = mask if mask is None or mask.data_type.is_float else lowering.mask_bias(b, mask, query.data_type)
    if is_causal:
        seen = lowering.window(b, lowering.positions(b, query.shape[-2], 0), key.shape[-2], right=0)
        assert seen is not None
        bias = lowering.sum_of(b, bias, lowering.mask_bias(b, seen, query.data_type))
    outer = query.shape[:-3]
    if len(outer) > 1 and bias is not None and bias.rank > 3:
        whole = [*outer, *bias.shape[-3:]]
        bias = b.reshape(b.expand(bias, whole), [math.prod(outer), *whole[-3:]])
    q, k, v = (_of_rank_4(b, operand) for operand in (query, key, value))
    booleans = mask is not None and not mask.data_type.is_float
    y = lowering.attention(b, q, k, v, scale=scale, bias=bias, zero_masked=booleans).output
    return b.reshape(y, [*query.shape[:-1], value.shape[-1]])


def _of_rank_4(b: GraphBuilder, x: Operand) -> Operand:
    """[batch, heads, length, size], all dimensions before the heads as one."""
    shape = [1] * max(0, 3 - x.rank) + list(x.shape)
    return b.reshape(x, [math.prod(shape[:-3]), *shape[-3:]])


@aten_op(
    aten.scaled_dot_product_attention.default,
    how="matmul, softmax, matmul; heads that share keys stand below each other, masks become a bias",
)
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
    return attended(b, query, key, value, attn_mask, dropout_p, is_causal, scale)


@aten_op(
    aten._scaled_dot_product_flash_attention_for_cpu.default,
    how="matmul, softmax, matmul; heads that share keys stand below each other, masks become a bias",
)
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
    y = attended(b, query, key, value, attn_mask, dropout_p, is_causal, scale)
    return y, unavailable("the log-sum-exp of attention")

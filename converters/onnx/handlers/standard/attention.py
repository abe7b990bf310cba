"""Attention and rotary position embedding of the standard domain."""

from __future__ import annotations

import math

from converters.lowering import attention as lowering
from converters.lowering.rotary import rotary, rotation
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Attention", since=23, how="matmul, softmax, matmul; heads that share keys stand below each other, masks become a bias")
def attention(
    b: GraphBuilder,
    Q: Operand,
    K: Operand,
    V: Operand,
    attn_mask: Operand | None = None,
    past_key: Operand | None = None,
    past_value: Operand | None = None,
    nonpad_kv_seqlen: Operand | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    left_window_size: int = -1,
    q_num_heads: int = 0,
    qk_matmul_output_mode: int = 0,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int = 0,
    node: SourceNode,
) -> tuple[Operand, ...]:
    if Q.rank == 3:
        q, k, v = (lowering.split_heads(b, x, heads) for x, heads in ((Q, q_num_heads), (K, kv_num_heads), (V, kv_num_heads)))
    else:
        q, k, v = Q, K, V
    if past_key is not None and past_value is not None:
        k, v = b.concat([past_key, k], 2), b.concat([past_value, v], 2)
    left = left_window_size if left_window_size >= 0 else None
    right = 0 if is_causal else right_window_size if right_window_size >= 0 else None
    before = 0 if past_key is None else past_key.shape[2]
    allowed = _attended(b, q.shape[2], k.shape[2], before, nonpad_kv_seqlen, left, right)
    mask = None if attn_mask is None else _widened(b, attn_mask, k.shape[2])
    if mask is not None and not mask.data_type.is_float:
        allowed, mask = lowering.all_of(b, allowed, mask), None
    structural = None if allowed is None else lowering.mask_bias(b, allowed, q.data_type)
    attended = lowering.attention(
        b,
        q,
        k,
        v,
        scale=scale,
        bias=lowering.sum_of(b, mask, structural),
        softcap=softcap,
        precision=Element(softmax_precision).data_type if softmax_precision else None,
        zero_masked=True,
    )
    Y = lowering.merge_heads(b, attended.output) if Q.rank == 3 else attended.output
    shown = (attended.scores, attended.capped, attended.biased, attended.weights)[qk_matmul_output_mode]
    return Y, k, v, shown


def _attended(
    b: GraphBuilder, queries: int, keys: int, before: int, lengths: Operand | None, left: int | None, right: int | None
) -> Operand | None:
    """1 where a query attends a key, None when every query attends all.

    Args:
        before: How many keys there are before that of the first query, unless there are lengths.
        lengths: For each entry of the batch how many keys are real; the last of them is that of the last query.
        left: How many keys before its own a query attends.
        right: How many keys after its own a query attends.
    """
    if lengths is None:
        return lowering.window(b, lowering.positions(b, queries, before), keys, left=left, right=right)
    lengths = b.cast(lengths, "int32")
    first = b.sub(lengths, queries)
    real = lowering.window(b, b.reshape(b.sub(lengths, 1), [lengths.size, 1, 1, 1]), keys, right=0)
    return lowering.all_of(b, lowering.window(b, lowering.positions(b, queries, first), keys, left=left, right=right), real)


def _widened(b: GraphBuilder, mask: Operand, keys: int) -> Operand:
    """The mask over all keys: those behind its end are not attended."""
    missing = keys - mask.shape[-1]
    if not missing:
        return mask
    around = [0] * (mask.rank - 1)
    return b.pad(mask, [*around, 0], [*around, missing], value=-math.inf if mask.data_type.is_float else 0)


@onnx_op("RotaryEmbedding", since=23, how="split, mul, add, sub, concat")
def rotary_embedding(
    b: GraphBuilder,
    X: Operand,
    cos_cache: Operand,
    sin_cache: Operand,
    position_ids: Operand | None = None,
    *,
    interleaved: int = 0,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Operand:
    if X.rank == 3 and not num_heads:
        raise ConversionError("has an input of rank 3 and no num_heads")
    x = lowering.split_heads(b, X, num_heads) if X.rank == 3 else X
    cosine, sine = (rotation(b, cache, position_ids) for cache in (cos_cache, sin_cache))
    y = rotary(b, x, cosine, sine, interleaved=bool(interleaved))
    return lowering.merge_heads(b, y) if X.rank == 3 else y

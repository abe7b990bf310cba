"""com.microsoft: attention with projections, caches and masks in the layouts of ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.lowering import attention as lowering
from converters.lowering.normalization import rms_norm
from converters.lowering.pieces import stack, unstack
from converters.lowering.rotary import rotary, rotation
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MICROSOFT = "com.microsoft"
MASKED = -10000.0
"""What masked keys get by default: finite, so that rows without any key become an average."""


# ------------------------------------------------------------------------------------------------------------------- masks
def attended_keys(b: GraphBuilder, mask: Operand | None, batch: int, keys: int) -> Operand | None:
    """Which keys are attended, 0 or 1, broadcasting to [batch, heads, queries, keys].

    Args:
        mask: 0 or 1 as [batch, keys] or [batch, queries, keys]; or counts: [batch] how many keys are real, or [2 batch] the
            ends followed by the starts of the real keys.
        batch: Size of the batch.
        keys: How many there are.
    """
    if mask is None:
        return None
    if mask.rank in (2, 3):
        return b.notEqual(b.reshape(mask, [mask.shape[0], 1, mask.shape[1] if mask.rank == 3 else 1, mask.shape[-1]]), 0)
    if mask.shape not in ((batch,), (2 * batch,)):
        raise ConversionError(f"has a mask of shape {list(mask.shape)}, which is not supported")
    key = b.constant(b.arange(keys), mask.data_type)
    ends, *starts = (b.reshape(part, [batch, 1, 1, 1]) for part in b.split(mask, mask.size // batch))
    return lowering.all_of(b, b.lesser(key, ends), *(b.greaterOrEqual(key, start) for start in starts))


def _bias(b: GraphBuilder, attended: Operand | None, added: Operand | None, data_type: DataType, masked: float) -> Operand | None:
    structural = None if attended is None else lowering.mask_bias(b, attended, data_type, masked)
    return lowering.sum_of(b, structural, added)


# -------------------------------------------------------------------------------------------------------------------- attention
@onnx_op(
    "Attention",
    domain=MICROSOFT,
    how="matmul, add, split, and attention as matmul, softmax, matmul",
    limits="no rotary embedding, no shared cache buffer",
)
def attention(
    b: GraphBuilder,
    input: Operand,
    weights: Operand,
    bias: Operand | None = None,
    mask_index: Operand | None = None,
    past: Operand | None = None,
    attention_bias: Operand | None = None,
    past_sequence_length: Operand | None = None,
    *,
    num_heads: int,
    do_rotary: int = 0,
    mask_filter_value: float = MASKED,
    past_present_share_buffer: int = 0,
    qkv_hidden_sizes: Sequence[int] = (),
    rotary_embedding_dim: int = 0,
    scale: float | None = None,
    unidirectional: int = 0,
    node: SourceNode,
) -> tuple[Operand, ...]:
    if do_rotary or past_present_share_buffer:
        raise ConversionError("do_rotary and past_present_share_buffer are not supported")
    projected = b.matmul(input, weights)
    projected = projected if bias is None else b.add(projected, bias)
    sizes = list(qkv_hidden_sizes) or [projected.shape[2] // 3] * 3
    q, k, v = (lowering.split_heads(b, x, num_heads) for x in b.split(projected, sizes, axis=2))
    offset = 0
    if past is not None:
        past_key, past_value = unstack(b, past, 0)
        offset = past_key.shape[2]
        k, v = b.concat([past_key, k], 2), b.concat([past_value, v], 2)
    attended: Operand | None
    if mask_index is not None and mask_index.rank == 4:
        attended = b.notEqual(b.slice(mask_index, [0, 0, offset, 0], [mask_index.shape[0], 1, q.shape[2], k.shape[2]]), 0)
    else:
        attended = attended_keys(b, mask_index, q.shape[0], k.shape[2])
    added = _bias(b, attended, attention_bias, q.data_type, mask_filter_value)
    if unidirectional:
        causal = lowering.window(b, lowering.positions(b, q.shape[2], offset), k.shape[2], right=0)
        added = _bias(b, causal, added, q.data_type, mask_filter_value)
    output = lowering.merge_heads(b, lowering.attention(b, q, k, v, scale=scale or None, bias=added).output)
    return (output, stack(b, [k, v], 0)) if node.wants(1) else (output,)


@onnx_op(
    "MultiHeadAttention",
    domain=MICROSOFT,
    how="add of the biases, and attention as matmul, softmax, matmul",
    limits="no shared cache buffer, no beams",
)
def multi_head_attention(
    b: GraphBuilder,
    query: Operand,
    key: Operand | None = None,
    value: Operand | None = None,
    bias: Operand | None = None,
    key_padding_mask: Operand | None = None,
    attention_bias: Operand | None = None,
    past_key: Operand | None = None,
    past_value: Operand | None = None,
    past_sequence_length: Operand | None = None,
    cache_indirection: Operand | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = MASKED,
    scale: float | None = None,
    unidirectional: int = 0,
) -> tuple[Operand, ...]:
    if past_sequence_length is not None or cache_indirection is not None:
        raise ConversionError("past_sequence_length and cache_indirection are not supported")
    q, k, v = _heads(b, query, key, value, bias, num_heads)
    offset = 0
    if past_key is not None and past_value is not None:
        offset = past_key.shape[2]
        k, v = b.concat([past_key, k], 2), b.concat([past_value, v], 2)
    keys = k.shape[2]
    attended = attended_keys(b, key_padding_mask, q.shape[0], keys)
    added = _bias(b, attended, attention_bias, q.data_type, mask_filter_value)
    if unidirectional:
        causal = lowering.window(b, lowering.positions(b, q.shape[2], offset), keys, right=0)
        added = _bias(b, causal, added, q.data_type, mask_filter_value)
    result = lowering.attention(b, q, k, v, scale=scale or None, bias=added)
    return lowering.merge_heads(b, result.output), k, v, result.biased


def _heads(
    b: GraphBuilder, query: Operand, key: Operand | None, value: Operand | None, bias: Operand | None, heads: int
) -> tuple[Operand, Operand, Operand]:
    """The projections as [batch, heads, sequence, size], of separate operands or packed into one or two."""
    if key is None:
        batch, length, _, _, size = query.shape
        query, key, value = (b.reshape(x, [batch, length, heads * size]) for x in unstack(b, query, 3))
    elif value is None:
        batch, length, _, _, size = key.shape
        key, value = (b.reshape(x, [batch, length, heads * size]) for x in unstack(b, key, 3))
    given = [query, key, value]
    if bias is not None:
        sizes = [x.shape[2] if x.rank == 3 else x.shape[1] * x.shape[3] for x in given]
        parts = b.split(bias, sizes)
        given = [b.add(x, part) if x.rank == 3 else x for x, part in zip(given, parts, strict=True)]
    q, k, v = (lowering.split_heads(b, x, heads) if x.rank == 3 else x for x in given)
    return q, k, v


# --------------------------------------------------------------------------------------------------------------- grouped queries
@onnx_op(
    "GroupQueryAttention",
    domain=MICROSOFT,
    how="concat or scatterND into the cache, and attention as matmul, softmax, matmul",
    limits="float cache only",
)
def group_query_attention(
    b: GraphBuilder,
    query: Operand,
    key: Operand | None,
    value: Operand | None,
    past_key: Operand | None,
    past_value: Operand | None,
    seqlens_k: Operand,
    total_sequence_length: Operand,
    cos_cache: Operand | None = None,
    sin_cache: Operand | None = None,
    position_ids: Operand | None = None,
    attention_bias: Operand | None = None,
    head_sink: Operand | None = None,
    k_scale: Operand | None = None,
    v_scale: Operand | None = None,
    q_norm_weight: Operand | None = None,
    k_norm_weight: Operand | None = None,
    *,
    num_heads: int,
    kv_num_heads: int,
    causal: int = 1,
    do_rotary: int = 0,
    k_quant_type: str = "NONE",
    kv_cache_bit_width: int = 0,
    local_window_size: int = -1,
    qk_norm_epsilon: float = 1e-6,
    qk_output: int = 0,
    rotary_interleaved: int = 0,
    scale: float | None = None,
    sliding_window_cache: int = 0,
    smooth_softmax: int = 0,
    softcap: float = 0.0,
    v_quant_type: str = "NONE",
) -> tuple[Operand, ...]:
    if k_scale is not None or v_scale is not None or sliding_window_cache or qk_output:
        raise ConversionError("a quantized or windowed cache and the output of scores are not supported")
    q, k, v = _grouped_heads(b, query, key, value, num_heads, kv_num_heads)
    if q_norm_weight is not None and k_norm_weight is not None:
        q, k = (rms_norm(b, x, weight, axes=[3], epsilon=qk_norm_epsilon) for x, weight in ((q, q_norm_weight), (k, k_norm_weight)))
    queries = q.shape[2]
    before = _before(b, queries, past_key, seqlens_k, total_sequence_length)
    if do_rotary and cos_cache is not None and sin_cache is not None:
        at = position_ids if position_ids is not None else _token_positions(b, before, queries, q.shape[0])
        turn = [rotation(b, cache, at) for cache in (cos_cache, sin_cache)]
        q, k = (rotary(b, x, *turn, interleaved=bool(rotary_interleaved)) for x in (q, k))
    whole = b.value(total_sequence_length)
    keys = 0 if whole is None else int(whole.item())
    k, v = _cached(b, past_key, k, before, keys), _cached(b, past_value, v, before, keys)
    keys = k.shape[2]
    at = lowering.positions(b, queries, before)
    left = local_window_size - 1 if local_window_size > 0 else None
    allowed = lowering.window(b, at, keys, left=left, right=0 if causal else None)
    if not causal:
        allowed = lowering.window(b, lowering.positions(b, 1, b.reshape(seqlens_k, [seqlens_k.size])), keys, right=0)
    bias = None if allowed is None else lowering.mask_bias(b, allowed, q.data_type)
    if attention_bias is not None:
        bias = lowering.sum_of(b, bias, _all_keys(b, attention_bias, keys))
    sink = None
    if head_sink is not None or smooth_softmax:
        sink = b.constant(0.0, q.data_type) if head_sink is None else b.reshape(head_sink, [1, num_heads, 1, 1])
    attended = lowering.attention(b, q, k, v, scale=scale or None, bias=bias, softcap=softcap, sink=sink)
    return lowering.merge_heads(b, attended.output), k, v


def _grouped_heads(
    b: GraphBuilder, query: Operand, key: Operand | None, value: Operand | None, heads: int, groups: int
) -> tuple[Operand, Operand, Operand]:
    if key is None or value is None:
        size = query.shape[2] // (heads + 2 * groups)
        query, key, value = b.split(query, [heads * size, groups * size, groups * size], axis=2)
    return lowering.split_heads(b, query, heads), lowering.split_heads(b, key, groups), lowering.split_heads(b, value, groups)


def _before(b: GraphBuilder, queries: int, past: Operand | None, seqlens_k: Operand, total: Operand) -> int | Operand:
    """How many keys precede the new ones: a number where it is known, else an operand [batch]."""
    if past is None:
        return 0
    known = b.value(seqlens_k)
    if known is not None and (known == known.ravel()[0]).all():
        return max(0, int(known.ravel()[0]) + 1 - queries)
    whole = b.value(total)
    if whole is not None and seqlens_k.size == 1:
        return max(0, int(whole.item()) - queries)
    lengths = b.sub(b.cast(b.reshape(seqlens_k, [seqlens_k.size]), DataType.INT32), queries - 1)
    return b.max(lengths, 0)


def _token_positions(b: GraphBuilder, before: int | Operand, queries: int, batch: int) -> Operand:
    row = b.arange(queries, np.int32)
    if isinstance(before, int):
        return b.constant(row[None] + np.int32(before))
    return b.add(b.reshape(before, [batch, 1]), b.constant(row[None]))


def _cached(b: GraphBuilder, past: Operand | None, new: Operand, before: int | Operand, total: int) -> Operand:
    """The cache with the new keys or values [batch, groups, queries, size] behind the ``before`` ones that it holds.

    It grows to ``total`` positions; when that is not known (0), it must have room.
    """
    if past is None:
        return new
    batch, groups, queries, size = new.shape
    room = past.shape[2]
    if isinstance(before, int):
        pieces = [new]
        if before:
            pieces.insert(0, b.slice(past, [0, 0, 0, 0], [batch, groups, before, size]))
        after = before + queries
        if after < room:
            pieces.append(b.slice(past, [0, 0, after, 0], [batch, groups, room - after, size]))
        return b.concat(pieces, 2)
    if total > room:
        past = b.pad(past, [0] * 4, [0, 0, total - room, 0])
    places = b.add(b.reshape(before, [batch, 1, 1, 1]), b.constant(b.arange(queries, np.int32).reshape(1, 1, queries, 1)))
    shape = [batch, groups, queries, 1]
    first, second = (
        np.broadcast_to(b.arange(n, np.int32).reshape(s), shape) for n, s in ((batch, (batch, 1, 1, 1)), (groups, (1, groups, 1, 1)))
    )
    indices = b.concat([b.constant(np.ascontiguousarray(first)), b.constant(np.ascontiguousarray(second)), b.expand(places, shape)], 3)
    return b.scatterND(past, indices, new)


def _all_keys(b: GraphBuilder, bias: Operand, keys: int) -> Operand:
    """The bias over all keys of the cache; those behind its end are masked anyway."""
    missing = keys - bias.shape[3]
    return b.pad(bias, [0] * 4, [0, 0, 0, missing]) if missing else bias


@onnx_op("RotaryEmbedding", domain=MICROSOFT, how="split, mul, add, sub, concat", limits="no packed batches")
def rotary_embedding(
    b: GraphBuilder,
    input: Operand,
    position_ids: Operand,
    cos_cache: Operand,
    sin_cache: Operand,
    *,
    interleaved: int = 0,
    is_packed_batching: int = 0,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
    scale: float = 1.0,
) -> Operand:
    if is_packed_batching or scale != 1:
        raise ConversionError("is_packed_batching and scale are not supported")
    heads = num_heads if num_heads and rotary_embedding_dim else input.shape[2] // (2 * cos_cache.shape[1]) if input.rank == 3 else 0
    x = lowering.split_heads(b, input, heads) if input.rank == 3 else input
    at = position_ids
    if position_ids.size == 1:
        steps = b.constant(b.arange(x.shape[2])[None], position_ids.data_type)
        at = b.add(steps, b.reshape(position_ids, [1, 1]))
    cosine, sine = (rotation(b, cache, at) for cache in (cos_cache, sin_cache))
    y = rotary(b, x, cosine, sine, interleaved=bool(interleaved))
    return lowering.merge_heads(b, y) if input.rank == 3 else y

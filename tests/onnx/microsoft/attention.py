"""Rows: attention and rotary embedding."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.onnx.one_node import Known, OneNode
from tests.onnx.values import normal
from webnn_graph.data_types import Array

RANDOM = np.random.default_rng(2)


def i32(*values: Any) -> Array:
    return np.array(values, np.int32)


BATCH, LENGTH, HEADS, SIZE = 2, 4, 2, 8
HIDDEN = HEADS * SIZE
X, PROJECTION = normal(BATCH, LENGTH, 12), normal(12, 3 * HIDDEN) / 4
QKV = [normal(BATCH, LENGTH, HIDDEN) for _ in range(3)]
PAST = normal(2, BATCH, HEADS, 3, SIZE)
PAST_KEY, PAST_VALUE = PAST
MASK = i32([1, 1, 1, 0], [1, 1, 0, 0])
MASK_7 = i32([1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0, 0])
CACHES = [np.cos(normal(16, SIZE // 2)), np.sin(normal(16, SIZE // 2))]
CACHES_16 = [np.cos(normal(16, 8)), np.sin(normal(16, 8))]


def attention(*inputs: Array | Known | None, outputs: tuple[int, ...] = (0,), **attributes: Any) -> OneNode:
    return OneNode("Attention", (X, Known(PROJECTION), *inputs), {"num_heads": HEADS} | attributes, outputs)


def multi_head(*inputs: Array | Known | None, outputs: tuple[int, ...] = (0,), **attributes: Any) -> OneNode:
    return OneNode("MultiHeadAttention", inputs, {"num_heads": HEADS} | attributes, outputs)


def grouped(*inputs: Array | Known | None, outputs: tuple[int, ...] = (0, 1, 2), **attributes: Any) -> OneNode:
    return OneNode("GroupQueryAttention", inputs, {"num_heads": 4, "kv_num_heads": 2} | attributes, outputs)


def gqa(
    batch: int, length: int, past: int | None, lengths: Array, total: int, *more: Array | None, packed: bool = False, **attributes: Any
) -> OneNode:
    """A row of grouped query attention: 4 heads in 2 groups of size 16, with a cache of ``past`` positions.

    The cache holds zeros where it is not filled: ONNX Runtime leaves those of the result undefined or zero.
    """
    parts = (
        (normal(batch, length, 128), None, None)
        if packed
        else (normal(batch, length, 64), normal(batch, length, 32), normal(batch, length, 32))
    )
    caches: tuple[Array | None, ...] = (None, None)
    if past is not None:
        filled = np.arange(past).reshape(past, 1) < (lengths + 1 - length).reshape(batch, 1, 1, 1)
        caches = (normal(batch, 2, past, 16) * filled, normal(batch, 2, past, 16) * filled)
    return grouped(*parts, *caches, lengths, Known(np.array(total, np.int32)), *more, **attributes)


CASES = [
    attention(Known(normal(3 * HIDDEN))),
    attention(Known(normal(3 * HIDDEN)), MASK),
    attention(Known(normal(3 * HIDDEN)), i32(4, 2)),
    attention(Known(normal(3 * HIDDEN)), i32(4, 3, 1, 0)),
    attention(Known(normal(3 * HIDDEN)), np.tril(np.ones((BATCH, LENGTH, LENGTH), np.int32))),
    attention(Known(normal(3 * HIDDEN)), MASK, unidirectional=1),
    attention(Known(normal(3 * HIDDEN)), None, None, normal(1, HEADS, LENGTH, LENGTH), scale=0.3),
    attention(Known(normal(3 * HIDDEN)), MASK_7, PAST, unidirectional=1, outputs=(0, 1)),
    attention(Known(normal(3 * HIDDEN)), None, PAST, outputs=(0, 1)),
    attention(Known(normal(3 * HIDDEN)), MASK, mask_filter_value=-5.0),
    OneNode(
        "Attention",
        (X, Known(normal(12, 2 * HIDDEN + 6)), Known(normal(2 * HIDDEN + 6))),
        {"num_heads": HEADS, "qkv_hidden_sizes": [HIDDEN, HIDDEN, 6]},
    ),
    multi_head(*QKV),
    multi_head(*QKV, Known(normal(3 * HIDDEN)), MASK),
    multi_head(*QKV, None, i32(4, 2)),
    multi_head(*QKV, None, np.tril(np.ones((BATCH, LENGTH, LENGTH), np.int32))),
    multi_head(*QKV, None, None, normal(BATCH, 1, LENGTH, LENGTH), scale=0.2),
    multi_head(*QKV, None, None, None, PAST_KEY, PAST_VALUE, outputs=(0, 1, 2)),
    multi_head(*QKV, None, None, None, PAST_KEY, PAST_VALUE, unidirectional=1, outputs=(0, 1, 2)),
    multi_head(*QKV, unidirectional=1),
    multi_head(QKV[0], normal(BATCH, 6, HIDDEN), normal(BATCH, 6, 10), Known(normal(2 * HIDDEN + 10))),
    multi_head(QKV[0], normal(BATCH, HEADS, 6, SIZE), normal(BATCH, HEADS, 6, SIZE)),
    # A prompt, and a next token with a cache that grows or has room.
    gqa(2, 4, None, i32(3, 3), 4),
    gqa(1, 4, None, i32(3), 4, packed=True),
    gqa(1, 1, 5, i32(5), 6),
    gqa(2, 1, 5, i32(5, 5), 6),
    gqa(1, 1, 8, i32(5), 6),
    gqa(2, 1, 8, i32(5, 3), 6),
    gqa(1, 3, 8, i32(6), 7),
    gqa(1, 1, 8, i32(5), 6, *CACHES_16, do_rotary=1),
    gqa(2, 1, 8, i32(5, 3), 6, *CACHES_16, do_rotary=1),
    gqa(2, 4, None, i32(3, 3), 4, *CACHES_16, do_rotary=1, rotary_interleaved=1),
    gqa(1, 4, None, i32(3), 4, *CACHES_16, do_rotary=1, packed=True),
    gqa(1, 1, 8, i32(5), 6, local_window_size=3),
    gqa(2, 4, None, i32(3, 3), 4, local_window_size=2),
    gqa(2, 4, None, i32(3, 3), 4, softcap=2.0, scale=0.4),
    gqa(2, 4, None, i32(3, 3), 4, smooth_softmax=1),
    gqa(2, 4, None, i32(3, 3), 4, None, None, None, None, normal(4)),
    gqa(1, 1, 5, i32(5), 6, None, None, None, normal(1, 4, 1, 6)),
    gqa(2, 4, None, i32(3, 3), 4, causal=0),
    OneNode("RotaryEmbedding", (normal(2, 3, 16), RANDOM.integers(0, 16, (2, 3)), *map(Known, CACHES))),
    OneNode("RotaryEmbedding", (normal(2, 3, 16), np.array([5]), *map(Known, CACHES)), {"interleaved": 1}),
    OneNode("RotaryEmbedding", (normal(2, 2, 3, 8), RANDOM.integers(0, 16, (2, 3)), *map(Known, CACHES))),
    OneNode(
        "RotaryEmbedding",
        (normal(2, 3, 24), RANDOM.integers(0, 16, (2, 3)), *map(Known, CACHES)),
        {"num_heads": 2, "rotary_embedding_dim": 8},
    ),
]

PACKED = normal(BATCH, LENGTH, HEADS, 3, SIZE)
UNPACKED = [np.ascontiguousarray(PACKED[:, :, :, i]).reshape(BATCH, LENGTH, HIDDEN) for i in range(3)]
QUERY, KEY, VALUE = normal(1, 4, 64), normal(1, 4, 32), normal(1, 4, 32)
QUERY_WEIGHT, KEY_WEIGHT = normal(16), normal(16)


def normalized(x: Array, weight: Array) -> Array:
    """Each head of x [batch, length, heads * size] divided by its root mean square, times the weight."""
    heads = x.reshape(*x.shape[:2], -1, weight.size)
    return np.asarray(heads / np.sqrt((heads**2).mean(-1, keepdims=True) + 1e-6) * weight, np.float32).reshape(x.shape)


PROMPT = (None, None, i32(3), Known(np.array(4, np.int32)), *CACHES_16)
EQUIVALENT = [
    (multi_head(PACKED), multi_head(*UNPACKED)),
    (multi_head(UNPACKED[0], np.ascontiguousarray(PACKED[:, :, :, 1:])), multi_head(*UNPACKED)),
    (
        grouped(QUERY, KEY, VALUE, *PROMPT, *[None] * 5, Known(QUERY_WEIGHT), Known(KEY_WEIGHT), do_rotary=1),
        grouped(normalized(QUERY, QUERY_WEIGHT), normalized(KEY, KEY_WEIGHT), VALUE, *PROMPT, do_rotary=1),
    ),
]
"""What the CPU kernels do not implement, each with the same in a form that they do."""

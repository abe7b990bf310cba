"""The rules about operators of com.microsoft, for which onnx has no schemas."""

from __future__ import annotations

import numpy as np

from converters.onnx.reading.rules import CheckedNode, Rule, axis, finite, numbers, one, rank, same_rank, shapes
from converters.onnx.reading.rules_shared import GRID, NORMALIZED, POOLING, RECURRENT, SPATIAL, convolution, divides, inner, quantized
from webnn_graph.graph import Operand

Shape = tuple[int, ...]


def _projected(input: Shape, weights: Shape, heads: int, sizes: list[int]) -> bool:
    parts = sizes or [weights[1] // 3] * 3
    whole = len(parts) == 3 and sum(parts) == weights[1] and input[2] == weights[0]
    return whole and all(size >= 1 and divides(heads, size) for size in parts)


def _packed(call: CheckedNode) -> None:
    """MultiHeadAttention: query, key and value apart or packed into one or two."""
    given = {name: call.operand(name) for name in ("query", "key", "value")}
    query, key, value = given.values()
    heads = call.attribute("num_heads")
    call.require(heads >= 1, f"num_heads is {heads}; it must be at least 1")
    if query is None:
        return
    call.require(key is not None or value is None, "value is given without key")
    packed = query if key is None else key if value is None else None
    for name, operand in given.items():
        if operand is None:
            continue
        if operand is packed:
            fits = operand.rank == 5 and operand.shape[2] == heads and operand.shape[3] == (3 if key is None else 2)
            call.require(fits, f"{name} has the shape {list(operand.shape)}, expected a packed one of rank 5 for {heads} heads")
        elif operand.rank == 3:
            call.require(divides(heads, operand.shape[2]), f"{heads} heads do not divide the {operand.shape[2]} elements of {name}")
        else:
            call.require(operand.rank == 4 and name != "query", f"{name} has rank {operand.rank}")
    past = [call.operand(name) is None for name in ("past_key", "past_value")]
    call.require(past[0] == past[1], "past_key and past_value must be given together")


def _grouped(call: CheckedNode) -> None:
    """GroupQueryAttention: numbers of heads that divide what is given, apart or packed into one."""
    heads, groups = call.attribute("num_heads"), call.attribute("kv_num_heads")
    call.require(divides(groups, heads), f"num_heads is {heads}, kv_num_heads {groups}, which must divide it")
    query, key, value = (call.operand(name) for name in ("query", "key", "value"))
    call.require((key is None) == (value is None), "key and value must be given together")
    if query is None:
        return
    if key is None or value is None:
        total = heads + 2 * groups
        call.require(divides(total, query.shape[2]), f"{total} heads do not divide the {query.shape[2]} elements of query")
    else:
        call.require(divides(heads, query.shape[2]), f"{heads} heads do not divide the {query.shape[2]} elements of query")
        for name, operand in (("key", key), ("value", value)):
            call.require(divides(groups, operand.shape[2]), f"{groups} heads do not divide the {operand.shape[2]} elements of {name}")
    for first, second in (("past_key", "past_value"), ("cos_cache", "sin_cache"), ("q_norm_weight", "k_norm_weight")):
        call.require((call.operand(first) is None) == (call.operand(second) is None), f"{first} and {second} must be given together")
    call.require(not call.attribute("do_rotary", 0) or call.operand("cos_cache") is not None, "do_rotary needs cos_cache and sin_cache")


def _nbits(call: CheckedNode) -> None:
    """MatMulNBits: weights, scales, zero points and groups of the sizes that K, N, bits and block_size say."""
    depth, columns, block, bits = (call.attribute(name, 4) for name in ("K", "N", "block_size", "bits"))
    call.require(depth >= 1 and columns >= 1, f"K is {depth}, N {columns}; they must be at least 1")
    call.require(16 <= block <= 2**20 and block & (block - 1) == 0, f"block_size is {block}; it must be a power of 2, at least 16")
    if bits not in (2, 4, 8):
        return  # which the handler refuses
    blocks = -(-depth // block)
    weights, scales, points, groups = (call.operand(name) for name in ("B", "scales", "zero_points", "g_idx"))
    x = call.operand("A")
    call.require(x is None or (x.rank >= 1 and x.shape[-1] == depth), f"the last axis of A is not K, {depth}")
    if weights is not None:
        wanted = columns * blocks * (block * bits // 8)
        call.require(weights.size == wanted, f"B has {weights.size} bytes, expected {wanted}")
    if scales is not None:
        call.require(scales.size == columns * blocks, f"scales has {scales.size} elements, expected {columns * blocks}")
    if points is not None:
        wanted = columns * blocks if points.data_type.is_float else columns * -(-blocks * bits // 8)
        call.require(points.size == wanted, f"zero_points has {points.size} elements, expected {wanted}")
    if groups is not None:
        known = call.value("g_idx")
        call.require(groups.shape in ((depth,), (blocks * block,)), f"g_idx has the shape {list(groups.shape)}, expected [{depth}]")
        inside = known is None or bool(((known >= 0) & (known < blocks)).all())
        call.require(inside, f"g_idx names a group that is none of 0 to {blocks - 1}")


def _looked_up(call: CheckedNode) -> None:
    """GatherBlockQuantized: scales and zero points fit the data in all axes but the quantized one."""
    data, scales, points = (call.operand(name) for name in ("data", "scales", "zero_points"))
    block, place = call.attribute("block_size", 128), call.attribute("quantize_axis", 1)
    call.require(16 <= block <= 2**20 and block & (block - 1) == 0, f"block_size is {block}; it must be a power of 2, at least 16")
    if data is None or scales is None:
        return
    bits = data.data_type.bits if data.data_type.bits == 4 else call.attribute("bits", 4)
    call.require(bits in (2, 4, 8), f"bits is {bits}; it must be 2, 4 or 8")
    size = list(data.shape)
    last = data.rank - 1
    size[last] *= 8 // bits if data.data_type == "uint8" else 1
    size[place] = -(-size[place] // block)
    call.require(list(scales.shape) == size, f"scales has the shape {list(scales.shape)}, expected {size}")
    if points is not None:
        packed = [*size[:-1], -(-size[-1] * bits // 8)] if data.data_type == "uint8" else size
        call.require(list(points.shape) == packed, f"zero_points has the shape {list(points.shape)}, expected {packed}")


def _turned(call: CheckedNode) -> None:
    """RotaryEmbedding: heads of a size that the table is for."""
    x, cosine = call.operand("input"), call.operand("cos_cache")
    heads, part = call.attribute("num_heads", 0), call.attribute("rotary_embedding_dim", 0)
    call.require(heads >= 0 and part >= 0, "num_heads and rotary_embedding_dim must not be negative")
    if x is None or cosine is None or x.rank != 3:
        return
    if not (heads and part):
        heads = x.shape[2] // (2 * cosine.shape[1])
    call.require(divides(heads, x.shape[2]), f"{heads} heads do not divide the {x.shape[2]} elements of input")


def _triples(operands: list[object]) -> bool:
    """Whether the inputs are tensors with a scale and a zero point each."""
    whole = bool(operands) and len(operands) % 3 == 0 and all(isinstance(operand, Operand) for operand in operands)
    return whole and len({getattr(operand, "rank", 0) for operand in operands[::3]}) == 1 and getattr(operands[0], "rank", 0) > 0


def _concatenated(call: CheckedNode) -> None:
    operands = call.rest("inputs")
    call.require(_triples(operands), "its inputs are not tensors of one rank above 0, each with a scale and a zero point")
    place, extent = call.attribute("axis", 0), operands[0].rank
    call.require(-extent <= place < extent, f"axis {place} is out of range for rank {extent}")


PRODUCT: tuple[Rule, ...] = (rank(1, None, "A", "B"), shapes("A and B have different inner sizes", inner, "A", "B"))
GATES: tuple[Rule, ...] = (
    *RECURRENT[:5],
    shapes(
        "W_scale, W_zero_point, R_scale or R_zero_point do not fit W and R",
        lambda W, R, *given: W[0] == R[0] and all(divides(W[0], int(np.prod(shape))) for shape in given) and R[2] % 4 == 0,
        *("W", "R", "W_scale", "W_zero_point", "R_scale", "R_zero_point"),
    ),
    shapes(
        "W has not one part for each direction",
        lambda W, direction: W[0] == (2 if direction == b"bidirectional" else 1),
        "W",
        direction=b"forward",
    ),
)
RULES: dict[str, tuple[Rule, ...]] = {
    "Attention": (
        rank(3, 3, "input"),
        rank(2, 2, "weights"),
        rank(1, 1, "bias"),
        rank(5, 5, "past"),
        rank(1, 4, "mask_index"),
        rank(4, 4, "attention_bias"),
        numbers(1, "num_heads"),
        finite("scale"),
        shapes(
            "num_heads or qkv_hidden_sizes does not fit input and weights", _projected, "input", "weights", num_heads=0, qkv_hidden_sizes=()
        ),
        shapes("past does not hold keys and values", lambda past: past[0] == 2, "past"),
    ),
    "MultiHeadAttention": (
        _packed,
        rank(1, 1, "bias"),
        rank(1, 3, "key_padding_mask"),
        rank(4, 4, "attention_bias", "past_key", "past_value"),
    ),
    "GroupQueryAttention": (
        rank(3, 3, "query", "key", "value"),
        rank(4, 4, "past_key", "past_value", "attention_bias"),
        rank(2, 2, "cos_cache", "sin_cache", "position_ids"),
        one("total_sequence_length"),
        _grouped,
    ),
    "RotaryEmbedding": (rank(3, 4, "input"), rank(1, 2, "position_ids"), rank(2, 2, "cos_cache", "sin_cache"), _turned),
    "Trilu": (rank(2, None, "X"), one("k")),
    "FusedMatMul": (rank(1, None, "A", "B"),),
    "Inverse": (rank(2, None, "X"), shapes("its matrices are not square", lambda X: X[-1] == X[-2], "X")),
    "TransposeMatMul": (rank(1, None, "A", "B"),),
    "FusedGemm": (rank(2, 2, "A", "B"),),
    "FusedConv": convolution("X", "W", "B"),
    "NhwcConv": convolution("X", "W", "B", last=True),
    "GridSample": GRID,
    "SimplifiedLayerNormalization": NORMALIZED,
    "SkipLayerNormalization": (rank(2, 3, "input", "skip"), rank(1, 1, "gamma", "beta", "bias")),
    "SkipSimplifiedLayerNormalization": (rank(2, 3, "input", "skip"), rank(1, 1, "gamma", "bias")),
    "EmbedLayerNormalization": (
        rank(2, 2, "input_ids", "segment_ids", "word_embedding", "position_embedding", "segment_embedding", "mask", "position_ids"),
        rank(1, 1, "gamma", "beta"),
        shapes("mask does not fit input_ids", lambda ids, mask: ids == mask, "input_ids", "mask"),
    ),
    "MatMulNBits": (_nbits,),
    "GatherBlockQuantized": (
        rank(2, None, "data"),
        same_rank("data", "scales", "zero_points"),
        axis("data", "gather_axis"),
        axis("data", "quantize_axis"),
        _looked_up,
    ),
    "QuantizeLinear": quantized("x", ("y_scale", "y_zero_point")),
    "DequantizeLinear": quantized("x", ("x_scale", "x_zero_point")),
    "MatMulIntegerToFloat": PRODUCT,
    "DynamicQuantizeMatMul": PRODUCT,
    "QGemm": (rank(2, 2, "A", "B"),),
    "QLinearSoftmax": (rank(1, None, "X"), axis("X")),
    "QLinearConcat": (_concatenated,),
    "QLinearAveragePool": POOLING,
    "QLinearGlobalAveragePool": (rank(3, None, "X"),),
    "QLinearConv": SPATIAL,
    "DynamicQuantizeLSTM": GATES,
}
"""By operator."""

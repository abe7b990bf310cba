"""Tiny decoders in the manner of onnxruntime-genai: GroupQueryAttention, which writes into the cache it is given."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY, LAYERS, HEADS, GROUPS, SIZE, PLACES = 61, 2, 4, 2, 16, 64
HIDDEN = HEADS * SIZE


def decoder(*, rotary: bool = True, window: int = -1, half: bool = False, packed: bool = False, lengths: bool = False) -> onnx.ModelProto:
    """A decoder.

    Args:
        rotary: Whether the operator turns queries and keys by their places.
        window: How far a token sees back.
        half: Whether the cache and attention are in float16.
        packed: Whether queries, keys and values are one tensor.
        lengths: Whether ``seqlens_k`` and ``total_sequence_length`` are inputs, instead of made of the mask.
    """
    random = np.random.default_rng(0)
    float_type = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    weights: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def weight(name: str, *shape: int, scale: float = 0.3) -> str:
        values = random.standard_normal(shape) * scale
        weights.append(numpy_helper.from_array(values.astype(np.float16 if half else np.float32), name))
        return name

    def node(op: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    inputs = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"])]
    if lengths:
        inputs += [helper.make_tensor_value_info("seqlens_k", TensorProto.INT32, ["batch_size"])]
        inputs += [helper.make_tensor_value_info("total_sequence_length", TensorProto.INT32, [])]
    else:
        inputs += [helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"])]
        weights += [numpy_helper.from_array(np.array(value, np.int64), f"int_{value}") for value in (0, 1)]
        weights.append(numpy_helper.from_array(np.array([1], np.int64), "axes"))
        real = node("ReduceSum", ["attention_mask", "axes"], "real", keepdims=1)
        node("Cast", [node("Sub", [real, "int_1"], "less")], "seqlens_2d", to=TensorProto.INT32)
        node("Squeeze", ["seqlens_2d", "axes"], "seqlens_k")
        node(
            "Cast",
            [node("Gather", [node("Shape", ["attention_mask"], "shape"), "int_1"], "total")],
            "total_sequence_length",
            to=TensorProto.INT32,
        )
    outputs = [helper.make_tensor_value_info("logits", float_type, ["batch_size", "sequence_length", VOCABULARY])]
    if rotary:
        angles = np.arange(PLACES)[:, None] / 100 ** (np.arange(SIZE // 2) / (SIZE // 2))
        for name, values in (("cos_cache", np.cos(angles)), ("sin_cache", np.sin(angles))):
            weights.append(numpy_helper.from_array(values.astype(np.float16 if half else np.float32), name))
    x = node("Gather", [weight("embedding", VOCABULARY, HIDDEN, scale=1), "input_ids"], "x")
    cache = ["batch_size", GROUPS, "past_sequence_length", SIZE]
    for layer in range(LAYERS):
        columns = {"q": HEADS * SIZE, "k": GROUPS * SIZE, "v": GROUPS * SIZE}
        if packed:
            parts = [node("MatMul", [x, weight(f"qkv_{layer}", HIDDEN, sum(columns.values()))], f"qkv_out_{layer}"), "", ""]
        else:
            parts = [node("MatMul", [x, weight(f"{part}_{layer}", HIDDEN, size)], f"{part}_out_{layer}") for part, size in columns.items()]
        pasts = [f"past_key_values.{layer}.{part}" for part in ("key", "value")]
        presents = [f"present.{layer}.{part}" for part in ("key", "value")]
        inputs += [helper.make_tensor_value_info(name, float_type, cache) for name in pasts]
        longer = [*cache[:2], "total_sequence_length", SIZE]
        outputs += [helper.make_tensor_value_info(name, float_type, longer) for name in presents]
        more = ["cos_cache", "sin_cache"] if rotary else []
        attributes = {"num_heads": HEADS, "kv_num_heads": GROUPS, "do_rotary": int(rotary), "local_window_size": window}
        name = f"attended_{layer}"
        nodes.append(
            helper.make_node(
                "GroupQueryAttention",
                [*parts, *pasts, "seqlens_k", "total_sequence_length", *more],
                [name, *presents],
                name=name,
                domain="com.microsoft",
                **attributes,
            )
        )
        x = node("Add", [x, node("MatMul", [name, weight(f"o_{layer}", HIDDEN, HIDDEN)], f"o_out_{layer}")], f"x_{layer}")
    node("MatMul", [x, weight("head", HIDDEN, VOCABULARY)], "logits")
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    graph = helper.make_graph(nodes, "shared", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)

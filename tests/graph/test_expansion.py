"""What of a graph is computed ahead: the two parts of a split compute what the graph computes, in NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import BYTES, Array, DataType
from webnn_graph.expansion import TOGETHER_BYTES, Expansion, batches, by_blocks, split
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph, Operand, map_arguments
from webnn_graph.ops import evaluate
from webnn_graph.runtimes import reference

RNG = np.random.default_rng(0)


def quantized(b: GraphBuilder, data_type: str, shape: list[int], blocks: list[int], scale_type: str = "float32") -> Operand:
    """A dequantized constant with a scale for each of so many blocks of each axis."""
    kind = DataType(data_type)
    low, high = (int(limit) for limit in kind.range)
    integers = [RNG.integers(max(low, -(10**6)), min(high, 10**6) + 1, size).astype(kind.numpy) for size in (shape, blocks)]
    stored, zero = (b.constant(array, kind) for array in integers)
    return b.dequantizeLinear(stored, b.constant(RNG.random(blocks).astype(scale_type)), zero)


def computed(expansion: Expansion, graph: Graph) -> dict[Operand, Array]:
    """What an expansion makes."""
    # Numbers of 4 bits are in bytes by then.
    wide = {operand: Operand(BYTES[operand.data_type], operand.shape) for operand in expansion.reads if operand.data_type in BYTES}
    values = {wide.get(operand, operand): array for operand, array in graph.constants.items()}
    for node in (replace(node, arguments=map_arguments(node.arguments, lambda o: wide.get(o, o))) for node in expansion.nodes):
        values |= evaluate(node, values.__getitem__)
    return {operand: values[operand] for operand in expansion.makes}


def layers(count: int = 3) -> Graph:
    b = GraphBuilder("layers")
    h = b.input("x", "float32", [2, 64])
    for _ in range(count):
        w = b.transpose(quantized(b, "int8", [64, 64], [64, 1]))
        h = b.add(b.matmul(h, w), b.matmul(b.relu(h), b.tanh(w)))
    return b.build({"y": h})


def test_the_parts_compute_what_the_graph_computes() -> None:
    graph = layers()
    parts = split(graph)
    assert [[node.op for node in expansion.nodes] for expansion in parts.expansions] == [["dequantizeLinear", "transpose", "tanh"]] * 3
    assert all(len(expansion.makes) == 2 for expansion in parts.expansions)
    assert not {node.op for node in parts.nodes} & {"dequantizeLinear", "transpose", "tanh"}
    inputs = seeded(graph.inputs)
    values = dict(graph.constants) | {operand: np.asarray(inputs[operand.name]) for operand in graph.inputs}
    for expansion in parts.expansions:
        values |= computed(expansion, graph)
    for node in parts.nodes:
        values |= evaluate(node, values.__getitem__)
    np.testing.assert_array_equal(values[graph.outputs[0]], reference.run(graph, inputs)["y"])


def test_float16_stays_and_so_does_what_is_returned() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 64])
    half = b.constant(RNG.random((64, 64)).astype(np.float16))
    returned = quantized(b, "int8", [64, 64], [1, 64])
    graph = b.build({"y": b.matmul(x, b.cast(half, "float32")), "w": returned, "z": b.matmul(x, b.neg(returned))})
    assert split(graph).expansions == []


@pytest.mark.parametrize(
    ("data_type", "shape", "blocks"),
    [
        ("int4", [64, 6], [2, 6]),
        ("uint4", [6, 64], [6, 2]),
        ("int8", [8, 64], [2, 4]),
        ("uint8", [2, 64, 6], [1, 4, 6]),
        ("int8", [640], [4]),
    ],
)
@pytest.mark.parametrize("scale_type", ["float32", "float16"])
def test_scales_of_blocks_as_an_axis_are_the_same(data_type: str, shape: list[int], blocks: list[int], scale_type: str) -> None:
    b = GraphBuilder()
    w = quantized(b, data_type, shape, blocks, scale_type)
    graph = b.build({"y": b.mul(w, b.input("x", scale_type, shape))})
    (expansion,) = split(graph).expansions
    split_up = by_blocks(expansion)
    assert {"cast", "sub"} <= {node.op for node in split_up.nodes}
    (expected,), (found,) = computed(expansion, graph).values(), computed(split_up, graph).values()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("shape", "blocks"), [([64, 6], [1, 6]), ([64, 6], [64, 1]), ([64, 6], [1, 1]), ([4, 2, 2, 2, 2], [2, 1, 1, 1, 1])]
)
def test_others_stay_as_they_are(shape: list[int], blocks: list[int]) -> None:
    b = GraphBuilder()
    w = quantized(b, "int8", shape, blocks)
    (expansion,) = split(b.build({"y": b.mul(w, b.input("x", "float32", shape))})).expansions
    assert by_blocks(expansion).nodes == expansion.nodes


def test_small_ones_are_computed_together_in_the_order_in_which_their_weights_arrive() -> None:
    sizes = [TOGETHER_BYTES // divisor for divisor in (8, 16, 8, 2, 16)]
    weights = [Operand(DataType.INT8, (size,), f"w{i}") for i, size in enumerate(sizes)]
    scalar = Operand(DataType.FLOAT32, ())
    expansions = [Expansion([scalar, w], [], [Operand(DataType.FLOAT32, w.shape)]) for w in weights]
    arrival = {weights[i]: n for n, i in enumerate([4, 2, 0, 1, 3])}
    assert [[one.reads[1].name for one in group] for group in batches(expansions, arrival)] == [["w4", "w2"], ["w0", "w1"], ["w3"]]

"""What of a graph is computed ahead: the two parts of a split compute what the graph computes, in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.expansion import TOGETHER_BYTES, Expansion, axes_of, batches, split
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph, Node, Operand
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
    assert [node.op for node in parts.dequantized] == ["dequantizeLinear"] * 3
    assert [[node.op for node in expansion.nodes] for expansion in parts.expansions] == [["transpose", "tanh"]] * 3
    assert all(len(expansion.makes) == 2 for expansion in parts.expansions)
    assert not {node.op for node in parts.nodes} & {"dequantizeLinear", "transpose", "tanh"}
    inputs = seeded(graph.inputs)
    values = dict(graph.constants) | {operand: np.asarray(inputs[operand.name]) for operand in graph.inputs}
    for node in (*parts.dequantized, *(node for expansion in parts.expansions for node in expansion.nodes), *parts.nodes):
        values |= evaluate(node, values.__getitem__)
    np.testing.assert_array_equal(values[graph.outputs[0]], reference.run(graph, inputs)["y"])


def test_float16_stays_and_so_does_what_is_returned() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 64])
    half = b.constant(RNG.random((64, 64)).astype(np.float16))
    returned = quantized(b, "int8", [64, 64], [1, 64])
    graph = b.build({"y": b.matmul(x, b.cast(half, "float32")), "w": returned, "z": b.matmul(x, b.neg(returned))})
    assert (split(graph).expansions, split(graph).dequantized) == ([], [])


@pytest.mark.parametrize("data_type", ["int8", "int4"])
def test_what_makes_float16_is_left_to_the_implementation(data_type: str) -> None:
    b = GraphBuilder()
    w = quantized(b, data_type, [64, 6], [1, 6], "float16")
    parts = split(b.build({"y": b.mul(w, b.input("x", "float16", [64, 6]))}))
    assert (len(parts.expansions), len(parts.dequantized)) == (1, 0)


@pytest.mark.parametrize(
    ("shape", "blocks", "axes"),
    [
        ([64, 6], [1, 6], [(64, 1), (6, 6)]),
        ([64, 6], [1, 1], [(384, 1)]),
        ([64, 6], [64, 6], [(384, 384)]),
        ([64, 6], [2, 6], [(64, 2), (6, 6)]),
        ([8, 3, 3, 3], [8, 1, 1, 1], [(8, 8), (27, 1)]),
        ([1, 5, 1, 7], [1, 5, 1, 7], [(35, 35)]),
        ([2, 64, 6], [2, 4, 1], [(2, 2), (64, 4), (6, 1)]),
        ([], [], [(1, 1)]),
    ],
)
def test_axes_that_are_alike_are_one(shape: list[int], blocks: list[int], axes: list[tuple[int, int]]) -> None:
    operands = [Operand(DataType(kind), tuple(size)) for kind, size in (("int8", shape), ("float32", blocks), ("int8", blocks))]
    arguments = dict(zip(("input", "scale", "zeroPoint"), operands, strict=True))
    assert axes_of(Node("dequantizeLinear", arguments, (Operand(DataType.FLOAT32, tuple(shape)),))) == axes


def test_small_ones_are_computed_together_in_the_order_in_which_their_weights_arrive() -> None:
    sizes = [TOGETHER_BYTES // divisor for divisor in (8, 16, 8, 2, 16)]
    weights = [Operand(DataType.INT8, (size,), f"w{i}") for i, size in enumerate(sizes)]
    scalar = Operand(DataType.FLOAT32, ())
    expansions = [Expansion([scalar, w], [], [Operand(DataType.FLOAT32, w.shape)]) for w in weights]
    arrival = {weights[i]: n for n, i in enumerate([4, 2, 0, 1, 3])}
    assert [[one.reads[1].name for one in group] for group in batches(expansions, arrival)] == [["w4", "w2"], ["w0", "w1"], ["w3"]]

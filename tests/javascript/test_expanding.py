"""What a module computes once, while its weights arrive: dequantized weights are those of NumPy, bit by bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.javascript.written import needs_node, node, write
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.formats import weights
from webnn_graph.graph import Graph

RNG = np.random.default_rng(0)
DEQUANTIZED = [
    ("int8", [30, 6], [1, 6]),
    ("int8", [30, 6], [30, 1]),
    ("uint8", [30, 6], [1, 1]),
    ("int4", [64, 6], [2, 6]),
    ("uint4", [6, 64], [6, 2]),
    ("int4", [5, 7], [1, 7]),
    ("int8", [8, 64], [2, 4]),
    ("uint8", [2, 64, 6], [1, 4, 6]),
    ("int8", [8, 3, 3, 3], [8, 1, 1, 1]),
    ("int8", [640], [4]),
    ("uint4", [640], [1]),
    ("int8", [8], [2]),
]
"""Data type and shape of the integers, and in how many blocks each axis has scales; the last ones stand in the module."""


def quantized() -> tuple[Graph, list[Array]]:
    """A graph that multiplies inputs by dequantized constants, and these."""
    b = GraphBuilder()
    results, expected = {}, []
    for i, (data_type, shape, blocks) in enumerate(DEQUANTIZED):
        kind = DataType(data_type)
        low, high = map(int, kind.range)
        numbers, zero = (RNG.integers(low, high + 1, size).astype(kind.numpy) for size in (shape, blocks))
        scale = RNG.random(blocks).astype(np.float32)
        w = b.dequantizeLinear(b.constant(numbers, kind), b.constant(scale), b.constant(zero, kind))
        results[f"y{i}"] = b.mul(w, b.input(f"x{i}", "float32", shape))
        widened, start = scale, zero.astype(np.float32)
        for axis, (size, parts) in enumerate(zip(shape, blocks, strict=True)):
            widened, start = (np.repeat(array, size // parts, axis) for array in (widened, start))
        expected.append((numbers.astype(np.float32) - start) * widened)
    return b.build(results), expected


STREAM = """
    const context = mock.context();
    const files = FILES.map((bytes, i) => async function* () {
      await new Promise((resolve) => setTimeout(resolve, 20 * i));
      yield Uint8Array.from(bytes);
    });
    const progress = [];
    await module.buildFrom(context, files, ({ loaded, total }) => progress.push([loaded, total]));
    const bits = (data) => Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length));
    const constants = context.calls.filter(([name, { shape }]) => name === "constant" && shape);
    console.log(JSON.stringify([constants.map(([, { dataType, shape }, data]) => [dataType, shape, bits(data)]), progress.at(-1)]));
"""


@needs_node
def test_weights_are_dequantized_whatever_arrives_first(tmp_path: Path) -> None:
    graph, expected = quantized()
    module = write(graph, tmp_path)
    stored = weights.stored(graph)
    integers = {operand: weight for operand, weight in stored.items() if operand.data_type.bits <= 8 and operand.size > 100}
    others = {operand: weight for operand, weight in stored.items() if operand not in integers}
    for files in ([stored], [integers, others], [others, integers]):
        contents = [list(b"".join(bytes(piece) for piece in weights.contents(file))) for file in files]
        made, (loaded, total) = node(module, STREAM.replace("FILES", json.dumps(contents)))
        found = sorted((data_type, tuple(shape), bits) for data_type, shape, bits in made)
        assert found == sorted(("float32", array.shape, array.ravel().view(np.uint32).tolist()) for array in expected)
        assert loaded == total == sum(operand.nbytes for operand in stored) + sum(array.nbytes for array in expected)

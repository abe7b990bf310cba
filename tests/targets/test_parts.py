"""Constants that are larger than a target takes, in parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference
from webnn_graph.targets import CHROMIUM, Target, legalize, load_target
from webnn_graph.targets.check import check

LIMITS = load_target(CHROMIUM).limits
SMALL = Target("small", {**LIMITS, "constant": LIMITS["constant"] | {"maxByteLength": 256, "maxTotalByteLength": 2048}})
"""Takes 64 numbers of float32 in a constant."""


def made(*shape: int, data_type: str = "float32") -> Array:
    numbers = np.random.default_rng(0).integers(-8, 8, shape)
    return (numbers / 4 if data_type == "float32" else numbers).astype(data_type)


def table(b: GraphBuilder, *shape: int) -> Operand:
    return b.constant(made(*shape), name="table")


def ids(b: GraphBuilder, *shape: int, data_type: str = "int32") -> Operand:
    return b.input("ids", data_type, shape)


def quantized(b: GraphBuilder, shape: list[int], blocks: list[int], data_type: str = "int8") -> Operand:
    """Small as a constant, too large as numbers."""
    numbers = b.constant(made(*shape, data_type="int8"), data_type, name="table")
    scale = b.constant(np.random.default_rng(1).uniform(0.1, 1, blocks).astype(np.float32), name="scale")
    return b.dequantizeLinear(numbers, scale, b.constant(made(*blocks, data_type="int8"), data_type))


def squared(b: GraphBuilder) -> dict[str, Operand]:
    factor = table(b, 9, 9)
    return {"y": b.gemm(factor, factor, c=x(b, 9, 9))}


def shifted(b: GraphBuilder) -> Operand:
    return b.mul(b.add(table(b, 8, 30), b.constant(made(30))), b.constant(made(8, 1)))


def tied(b: GraphBuilder) -> dict[str, Operand]:
    embeddings = table(b, 40, 8)
    hidden = b.gather(embeddings, ids(b, 1, 5))
    product = b.gemm(b.reshape(hidden, [5, 8]), embeddings, bTranspose=True)
    return {"logits": product, "hidden": hidden}


def tied_by_transposing(b: GraphBuilder) -> dict[str, Operand]:
    embeddings = table(b, 170, 64)
    hidden = b.gather(embeddings, ids(b, 1, 5, data_type="int64"))
    return {"logits": b.matmul(hidden, b.transpose(embeddings)), "hidden": hidden}


def tied_quantized(b: GraphBuilder) -> dict[str, Operand]:
    numbers = quantized(b, [20, 8], [20, 2])
    hidden = b.gather(numbers, ids(b, 5))
    return {"logits": b.gemm(hidden, numbers, bTranspose=True)}


def convolution(op: str, layout: str, image: str) -> Callable[[GraphBuilder], dict[str, Operand]]:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        sizes = {"o": 10, "i": 3, "h": 2, "w": 2}
        x = b.input("x", "float32", [1, 3, 5, 6] if image == "nchw" else [1, 5, 6, 3])
        bias = b.constant(made(10), name="bias")
        w = table(b, *(sizes[axis] for axis in layout))
        return {"y": b.call(op, x, w, bias=bias, inputLayout=image, filterLayout=layout)}

    return build


def x(b: GraphBuilder, *shape: int) -> Operand:
    return b.input("x", "float32", shape)


CASES: Mapping[str, tuple[Callable[[GraphBuilder], dict[str, Operand]], int]] = {
    "rows that are gathered": (lambda b: {"y": b.gather(table(b, 40, 8), ids(b, 2, 3))}, 8),
    "rows of a table of one column": (lambda b: {"y": b.gather(table(b, 130, 1), ids(b, 7))}, 3),
    "scalars": (lambda b: {"y": b.gather(table(b, 130), ids(b))}, 3),
    "unsigned indices": (lambda b: {"y": b.gather(table(b, 130), ids(b, 7, data_type="uint32"))}, 3),
    "another axis": (lambda b: {"y": b.gather(table(b, 2, 5, 13), ids(b, 2, 3), axis=1)}, 3),
    "an axis of a table that is long nowhere else": (lambda b: {"y": b.gather(table(b, 1, 130, 1), ids(b, 2, 3), axis=1)}, 3),
    "a product": (lambda b: {"y": b.matmul(x(b, 2, 3, 8), table(b, 8, 30))}, 4),
    "products of many": (lambda b: {"y": b.matmul(x(b, 2, 3, 8), table(b, 2, 8, 9))}, 3),
    "a product with it first": (lambda b: {"y": b.matmul(table(b, 30, 8), x(b, 2, 8, 3))}, 4),
    "a product with a term": (lambda b: {"y": b.gemm(x(b, 3, 8), table(b, 8, 30), c=b.constant(made(30)), alpha=0.5, beta=2.0)}, 4),
    "a product with a number": (lambda b: {"y": b.gemm(x(b, 8, 3), table(b, 30, 8), c=made(3, 1), aTranspose=True, bTranspose=True)}, 4),
    "a product with it first and a term": (lambda b: {"y": b.gemm(table(b, 30, 8), x(b, 8, 3), c=b.input("c", "float32", [30, 1]))}, 4),
    "its own square": (squared, 2),
    **{f"conv2d {i} {o}": (convolution("conv2d", o, i), 2) for o in ("oihw", "hwio", "ohwi", "ihwo") for i in ("nchw", "nhwc")},
    **{f"convTranspose2d {i} {o}": (convolution("convTranspose2d", o, i), 2) for o in ("iohw", "hwoi", "ohwi") for i in ("nchw", "nhwc")},
    "groups": (lambda b: {"y": b.conv2d(x(b, 1, 4, 3, 3), table(b, 10, 2, 2, 2), groups=2)}, 2),
    "a tied table": (tied, 5),
    "element by element": (lambda b: {"y": b.mul(x(b, 40, 8), table(b, 40, 8))}, 5),
    "a result": (lambda b: {"y": b.transpose(table(b, 40, 8))}, 5),
    "reshaped": (lambda b: {"y": b.matmul(x(b, 8, 8), b.reshape(table(b, 2, 4, 30), [8, 30]))}, 4),
    "reshaped across": (lambda b: {"y": b.matmul(x(b, 8, 8), b.reshape(table(b, 30, 8), [8, 30]))}, 4),
    "quantized": (lambda b: {"y": b.matmul(x(b, 3, 8), quantized(b, [8, 30], [1, 1]))}, 4),
    "quantized per column": (lambda b: {"y": b.matmul(x(b, 3, 8), quantized(b, [8, 30], [1, 30]))}, 4),
    "quantized by blocks of columns": (lambda b: {"y": b.matmul(x(b, 3, 8), quantized(b, [8, 32], [1, 4]))}, 4),
    "quantized by blocks of rows": (lambda b: {"y": b.matmul(x(b, 3, 8), quantized(b, [8, 30], [2, 30], "int4"))}, 4),
    "quantized and transposed": (lambda b: {"y": b.matmul(x(b, 3, 8), b.transpose(quantized(b, [30, 8], [30, 1], "int4")))}, 4),
    "a quantized table": (lambda b: {"y": b.gather(quantized(b, [32, 4], [32, 2]), ids(b, 5))}, 2),
    "a tied quantized table": (tied_quantized, 3),
    "shifted and scaled": (lambda b: {"y": b.matmul(x(b, 3, 8), shifted(b))}, 4),
}  # fmt: skip
"""Graphs with a table that is too large, and the number of its parts."""


def graph_of(build: Callable[[GraphBuilder], dict[str, Operand]]) -> Graph:
    b = GraphBuilder(most_bytes=256)
    return b.build(build(b))


def feeds(graph: Graph) -> dict[str, Array]:
    """Numbers for the inputs; indices also from behind, and beyond."""
    numbers = seeded(graph.inputs)
    for operand in graph.inputs:
        if not operand.data_type.is_float:
            least = 0 if operand.data_type.is_unsigned else -45
            numbers[operand.name] = np.random.default_rng(2).integers(least, 140, operand.shape).astype(operand.data_type.numpy)
    return numbers


@pytest.mark.parametrize(("build", "count"), CASES.values(), ids=CASES)
def test_parts(build: Callable[[GraphBuilder], dict[str, Operand]], count: int) -> None:
    graph = graph_of(build)
    legal = legalize(graph, SMALL)
    assert all(constant.nbytes <= 256 for constant in legal.constants)
    assert any(f"is stored in {count} parts" in note for note in legal.notes)
    assert legal.weight_bytes <= graph.weight_bytes + 100, "stored once, with some numbers for indices"
    computed = reference.run(legal, feeds(legal))
    for name, expected in reference.run(graph, feeds(graph)).items():
        np.testing.assert_allclose(computed[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


def test_a_table_that_is_tied_by_transposing_is_stored_once() -> None:
    target = Target("larger", {**LIMITS, "constant": LIMITS["constant"] | {"maxByteLength": 10_000}})
    graph = graph_of(tied_by_transposing)
    legal = legalize(graph, target)
    assert sum(constant.name.startswith("table_") for constant in legal.constants) == 5
    assert legal.weight_bytes <= graph.weight_bytes + 200
    computed = reference.run(legal, feeds(legal))
    for name, expected in reference.run(graph, feeds(graph)).items():
        np.testing.assert_allclose(computed[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


def test_no_part_is_a_copy() -> None:
    graph = graph_of(tied)
    legal = legalize(graph, SMALL)
    parts = [array for constant, array in legal.constants.items() if constant.name.startswith("table_")]
    assert len(parts) == 5
    assert all(np.shares_memory(part, graph.constants[graph.operands["table"]]) for part in parts)


@pytest.mark.parametrize("name", ["element by element", "reshaped across", "groups"])
def test_what_cannot_read_parts_reads_them_joined(name: str) -> None:
    legal = legalize(graph_of(CASES[name][0]), SMALL)
    assert [node.op for node in legal.nodes if all(operand in legal.constants for operand in node.operands)] == ["concat"]


def test_a_target_that_takes_it_has_it_whole() -> None:
    graph = graph_of(tied)
    assert "table" in {constant.name for constant in legalize(graph, CHROMIUM).constants}


def test_what_was_cut_is_said() -> None:
    graph = graph_of(tied)
    assert legalize(graph, SMALL).notes == ("constant table (1.3 kB) is stored in 5 parts: the target takes up to 256 B of a constant",)
    found = check(graph, SMALL)
    assert [(finding.name, finding.mended) for finding in found.findings] == [("table", True)]


@pytest.mark.parametrize(("rows", "said"), [(56, False), (60, True), (80, True)])
def test_the_total_is_said_when_it_is_almost_too_much(rows: int, said: bool) -> None:
    legal = legalize(graph_of(lambda b: {"y": b.gather(table(b, rows, 8), ids(b, 2))}), SMALL)
    expected = f"its constants take {rows * 32 / 1000:.1f} kB when it is loaded; the target takes 2.0 kB for certain"
    assert any(expected in note for note in legal.notes) is said


def test_the_total_counts_what_is_dequantized() -> None:
    legal = legalize(graph_of(lambda b: {"y": b.matmul(x(b, 3, 8), quantized(b, [8, 64], [1, 1]))}), SMALL)
    assert any("its constants take 2.1 kB" in note for note in legal.notes)


def test_what_nothing_can_cut_is_refused() -> None:
    tiny = Target("tiny", {**LIMITS, "constant": LIMITS["constant"] | {"maxByteLength": 3}})
    with pytest.raises(ConversionError, match="constant table has 520 bytes, the target takes up to 3 bytes"):
        legalize(graph_of(CASES["scalars"][0]), tiny)


def test_expressions_that_read_each_other_twice_take_no_time() -> None:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        made = table(b, 40, 8)
        for _ in range(60):
            made = b.add(b.relu(made), b.tanh(made))
        return {"y": b.matmul(x(b, 3, 40), made)}

    graph = graph_of(build)
    computed = reference.run(legalize(graph, SMALL), feeds(graph))
    np.testing.assert_allclose(computed["y"], reference.run(graph, feeds(graph))["y"], rtol=1e-4)


def test_too_many_parts_are_none() -> None:
    tiny = Target("tiny", {**LIMITS, "constant": LIMITS["constant"] | {"maxByteLength": 4}})
    with pytest.raises(ConversionError, match="constant table has 5,200 bytes"):
        legalize(graph_of(lambda b: {"y": b.gather(table(b, 1300), ids(b, 2))}), tiny)

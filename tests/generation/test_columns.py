"""Products with weights on their left side give what they gave on the right."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.expansion import split
from webnn_graph.formats.held import held
from webnn_graph.generation.columns import with_columns
from webnn_graph.graph import Graph, Operand

TOKENS, WIDTH, INNER, HEADS = 6, 128, 192, 4
RANDOM = np.random.default_rng(0)


def layers(tokens: int, count: int = 1, *, quantized: bool = False, bias: bool = False) -> Graph:
    """Layers of a language model without their attention: norm, heads, a product, a gated MLP, both added to what came in."""
    b = GraphBuilder("layer")

    def product(x: Operand, rows: int, columns: int) -> Operand:
        values = RANDOM.standard_normal((rows, columns)).astype(np.float32) / 8
        weight = b.constant(values)
        if quantized:
            scale = np.full((rows, 1), 0.01, np.float32)
            weight = b.dequantizeLinear(np.rint(values * 100).astype(np.int8), scale, np.zeros((rows, 1), np.int8))
        c = {"c": RANDOM.standard_normal(rows).astype(np.float32)} if bias else {}
        return b.gemm(x, weight, bTranspose=True, **c)

    def normal(x: Operand) -> Operand:
        mean = b.reduceMean(b.mul(x, x), axes=[1], keepDimensions=True)
        return b.mul(b.div(x, b.sqrt(b.add(mean, 1e-6))), RANDOM.standard_normal(WIDTH).astype(np.float32))

    x = b.input("x", "float32", [tokens, WIDTH])
    for _ in range(count):
        heads = b.transpose(b.reshape(product(normal(x), WIDTH, WIDTH), [1, tokens, HEADS, WIDTH // HEADS]), permutation=[0, 2, 1, 3])
        together = b.reshape(b.transpose(b.softmax(heads, 3), permutation=[0, 2, 1, 3]), [tokens, WIDTH])
        x = b.add(x, product(together, WIDTH, WIDTH))
        h = normal(x)
        gate = product(h, INNER, WIDTH)
        x = b.add(x, product(b.mul(b.mul(gate, b.sigmoid(gate)), product(h, INNER, WIDTH)), WIDTH, INNER))
    return b.build({"y": x, "heads": heads})


@pytest.mark.parametrize("how", [{}, {"bias": True}, {"quantized": True}], ids=["plain", "bias", "quantized"])
@pytest.mark.parametrize("tokens", [TOKENS, WIDTH, 1])
def test_columns_compute_what_rows_do(tokens: int, how: dict[str, bool]) -> None:
    graph = layers(tokens, **how)
    made = with_columns(graph)
    assert Counter(node.op for node in made.nodes)["gemm"] == 0
    parts = split(made)
    weights = [operand for operand in (*made.constants, *(node.output for node in parts.dequantized)) if operand.rank == 2]
    assert len(held(parts.nodes, weights)) == 5
    x = RANDOM.standard_normal((tokens, WIDTH)).astype(np.float32)
    before, after = graph({"x": x}), made({"x": x})
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_layer_moves_hardly_more() -> None:
    few, many = (layers(TOKENS, count) for count in (2, 6))
    before = _transposes(many) - _transposes(few)
    assert _transposes(with_columns(many)) - _transposes(with_columns(few)) <= before + 4


def _transposes(graph: Graph) -> int:
    return Counter(node.op for node in graph.nodes)["transpose"]


def test_a_weight_that_is_read_in_another_way_is_a_constant() -> None:
    b = GraphBuilder("tied")
    weight = b.constant(RANDOM.standard_normal((INNER, WIDTH)).astype(np.float32), name="weight")
    x = b.input("x", "float32", [TOKENS, WIDTH])
    graph = with_columns(b.build({"y": b.gemm(x, weight, bTranspose=True), "z": b.mul(weight, 2)}))
    assert held(graph.nodes, graph.constants) == []

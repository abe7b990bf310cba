"""Folding of constant expressions: everything that does not make the weights larger."""

from __future__ import annotations

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder, graph_builder
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference

RANDOM = np.random.default_rng(7)


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def weight(b: GraphBuilder, *shape: int, name: str = "") -> Operand:
    return b.constant(RANDOM.random(shape).astype(np.float32), name=name)


def test_a_transposed_weight_is_stored_transposed() -> None:
    b = GraphBuilder()
    w = weight(b, 64, 32)
    graph = b.build({"y": b.matmul(b.input("x", "float32", [4, 32]), b.transpose(w))})
    assert ops(graph) == ["matmul"]
    ((stored, array),) = graph.constants.items()
    assert stored.shape == (32, 64)
    np.testing.assert_array_equal(array, b.value(w).T)


def test_tied_weights_stay_one() -> None:
    """An embedding that is also the transposed output layer: a fold would store it twice."""
    b = GraphBuilder()
    w = weight(b, 512, 64)
    x = b.gather(w, b.input("ids", "int64", [4]))
    graph = b.build({"y": b.matmul(x, b.transpose(w))})
    assert ops(graph) == ["gather", "transpose", "matmul"]
    assert graph.weight_bytes == 512 * 64 * 4


def test_a_weight_that_is_cut_up_is_stored_in_pieces() -> None:
    """Q, K and V sliced or split from one matrix take no more room than the matrix."""
    b = GraphBuilder()
    x = b.input("x", "float32", [4, 64])
    w = weight(b, 64, 192)
    parts = [b.slice(w, [0, 64 * i], [64, 64]) for i in range(3)]
    v = weight(b, 64, 192)
    graph = b.build({f"y{i}": b.matmul(x, part) for i, part in enumerate([*parts, *b.split(v, 3, axis=1)])})
    assert ops(graph) == ["matmul"] * 6
    assert graph.weight_bytes == 2 * 64 * 192 * 4
    for i, constant in enumerate(graph.constants.values()):
        source = b.value(w if i < 3 else v)
        np.testing.assert_array_equal(constant, source[:, 64 * (i % 3) : 64 * (i % 3) + 64])


def test_a_part_of_a_weight_is_stored_alone() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.matmul(b.input("x", "float32", [4, 64]), b.slice(weight(b, 64, 192), [0, 0], [64, 64]))})
    assert ops(graph) == ["matmul"]
    assert graph.weight_bytes == 64 * 64 * 4


def test_a_broadcast_mask_stays_an_expression() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 1, 256, 256])
    row = b.constant(np.arange(256, dtype=np.int32))
    mask = b.lesserOrEqual(b.reshape(row, [1, 256]), b.reshape(row, [256, 1]))
    graph = b.build({"y": b.add(x, b.where(mask, np.zeros((), np.float32), -1e9))})
    assert ops(graph) == ["lesserOrEqual", "where", "add"]
    assert graph.weight_bytes <= 2 * 1024 + 8


def test_quantized_weights_stay_quantized() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [4, 64])
    w = b.constant(RANDOM.integers(-8, 8, (64, 32)).astype(np.int8), "int4")
    scale, zero = weight(b, 64, 2), b.constant(np.zeros((64, 2), np.int8), "int4")
    graph = b.build({"y": b.matmul(x, b.dequantizeLinear(w, scale, zero))})
    assert ops(graph) == ["dequantizeLinear", "matmul"]
    assert graph.weight_bytes == 64 * 32 // 2 + 64 * 2 * 4 + 64 * 2 // 2


def test_even_a_small_quantized_weight_stays_quantized() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 4])
    w = b.dequantizeLinear(
        b.constant(np.ones((4, 2), np.int8)), b.constant(np.ones((1, 1), np.float32)), b.constant(np.zeros((1, 1), np.int8))
    )
    assert ops(b.build({"y": b.matmul(x, w)})) == ["dequantizeLinear", "matmul"]


def test_shape_arithmetic_leaves_nothing() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 12])
    shape = b.constant(np.array([2, 12]))
    half = b.div(b.gather(shape, b.constant(1, "int64")), 2)
    target = b.concat([b.slice(shape, [0], [1]), b.reshape(half, [1]), b.constant(np.array([2]))], 0)
    graph = b.build({"y": b.reshape(x, list(b.value(target)))})
    assert ops(graph) == ["reshape"]
    assert graph.constants == {}


def test_equal_constants_are_stored_once() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [8, 8])
    values = RANDOM.random((8, 8)).astype(np.float32)
    first, second = b.constant(values, name="a"), b.constant(values.copy(), name="b")
    graph = b.build({"y": b.add(b.mul(x, first), second)})
    assert [constant.name for constant in graph.constants] == ["a"]
    np.testing.assert_array_equal(reference.run(graph, {"x": np.ones((8, 8), np.float32)})["y"], values * 2)


@pytest.mark.parametrize(("one", "other"), [(0.0, -0.0), (1.0, 1.0000001)])
def test_constants_that_differ_in_a_bit_are_two(one: float, other: float) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [100])
    values = np.ones(100, np.float32)
    changed = values.copy()
    values[-1], changed[-1] = one, other
    assert len(b.build({"y": b.add(b.mul(x, values), changed)}).constants) == 2


def test_constants_of_other_types_or_shapes_are_two() -> None:
    b = GraphBuilder()
    x, i = b.input("x", "float32", [4]), b.input("i", "int32", [4])
    zeros = np.zeros(4, np.float32)
    outputs = {"a": b.add(x, zeros), "b": b.add(x, zeros.reshape(2, 2)[:1].repeat(2, 1)), "c": b.add(i, zeros.astype(np.int32))}
    assert len(b.build(outputs).constants) == 3


def test_an_output_stays_a_node() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.add(b.constant(np.ones(2, np.float32)), 1)})
    assert ops(graph) == ["add"]
    assert reference.run(graph, {})["y"].tolist() == [2, 2]


def test_a_group_may_become_complete_late() -> None:
    """The second reader of the weight is constant only after another fold."""
    b = GraphBuilder()
    x = b.input("x", "float32", [64, 64])
    w = weight(b, 64, 64)
    late = b.mul(w, b.exp(b.constant(0.0, "float32")))
    graph = b.build({"y": b.matmul(x, b.transpose(w)), "z": b.matmul(x, late)})
    assert graph.weight_bytes <= 64 * 64 * 4 + 4


@pytest.mark.parametrize("seed", range(30))
def test_random_expressions(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folded or not, the results are the same, and the weights are never larger than before but for tiny results."""
    random = np.random.default_rng(seed)
    b = GraphBuilder()
    x = b.input("x", "float32", [16, 16])
    pool = [weight(b, 16, 16), weight(b, 1, 16), weight(b, 16, 1), weight(b, 32, 16), x]
    before = sum(operand.nbytes for operand in pool[:-1])
    for _ in range(25):
        a, c = (pool[i] for i in random.integers(0, len(pool), 2))
        match random.integers(0, 5):
            case 0:
                pool.append(b.transpose(a))
            case 1 if a.shape[0] > 1:
                pool.append(b.slice(a, [0, 0], [a.shape[0] // 2, a.shape[1]]))
            case 2:
                pool.append(b.tanh(a))
            case 3 if all(1 in pair or pair[0] == pair[1] for pair in zip(a.shape, c.shape, strict=True)):
                pool.append(b.add(a, c))
            case 4 if a.shape[0] == 1:
                pool.append(b.expand(a, [16, a.shape[1]]))
    outputs = {f"y{i}": operand for i, operand in enumerate(pool[5:])}
    graph = b.build(outputs)
    tiny = 1024 * len(graph.constants)
    assert graph.weight_bytes <= before + tiny
    feed = {"x": random.random((16, 16)).astype(np.float32)}
    computed = reference.run(graph, feed)

    monkeypatch.setattr(graph_builder, "fold", lambda nodes, constants, keep, most_bytes: (dict(constants), list(nodes)))
    for name, array in reference.run(b.build(outputs), feed).items():
        np.testing.assert_array_equal(computed[name], array)

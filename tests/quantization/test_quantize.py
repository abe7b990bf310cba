"""Graphs with rounded weights: what is rounded, what stays, and what it is measured to change."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.quantization.layers import LAYERS, Build, depthwise, graph_of, mixed, numbers, table, tied
from webnn_graph import GraphBuilder, legalize, load, quantize, run, save, validate
from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.feeds import complete
from webnn_graph.formats import save_together
from webnn_graph.graph import Graph, Operand
from webnn_graph.ops import evaluate
from webnn_graph.ops.quantization import blocks as spread
from webnn_graph.quantization import Scheme, measure, quantize_together, quantized
from webnn_graph.quantization.scheme import Weights


def rounded_by_hand(graph: Graph, name: str, scale: Any, zero: Any, values: Any) -> Graph:
    """The graph with what some rounded numbers stand for in the place of a weight."""
    array = (values.astype(np.float32) - spread(zero, values.shape)) * spread(scale, values.shape)
    return Graph(
        graph.name, graph.inputs, {o: array if o.name == name else a for o, a in graph.constants.items()}, graph.nodes, graph.outputs
    )


@pytest.mark.parametrize("kind", ["int8", "int4"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_compute_with_rounded_weights(name: str, kind: str, tmp_path: Path) -> None:
    build, scales = LAYERS[name]
    graph = graph_of(build)
    made = quantize(graph, kind, embeddings=True)
    validate(made)
    assert made.weight_bytes < 0.45 * graph.weight_bytes
    by_hand = graph
    for weight, shapes in scales.items():
        assert list(made.operands[f"{weight}_scale"].shape) == shapes[kind == "int4"]
        value = {o.name: array for o, array in made.constants.items()}
        scale = value[f"{weight}_scale"]
        by_hand = rounded_by_hand(by_hand, weight, scale, value.get(f"{weight}_zero_point", np.zeros(scale.shape, np.int8)), value[weight])
    feeds = complete(graph, {})
    right = run(by_hand, feeds)
    (path, *_) = save(made, tmp_path / "made.webnn")
    for other in (made, load(path), *(legalize(made, target) for target in ("chromium", "portable", "rustnn"))):
        for output, array in run(other, {n: a.astype(other.operands[n].data_type.numpy) for n, a in feeds.items()}).items():
            np.testing.assert_allclose(array, right[output], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_halves_are_cast(name: str) -> None:
    graph = graph_of(LAYERS[name][0])
    made = quantize(graph, "float16", embeddings=True)
    assert made.weight_bytes < 0.55 * graph.weight_bytes
    before, after = (run(each, complete(graph, {})) for each in (graph, made))
    for output, array in after.items():
        np.testing.assert_allclose(array, before[output], rtol=0, atol=2e-3 * np.abs(before[output]).max())


def _fused(b: GraphBuilder) -> Operand:
    w = b.constant(numbers(64, 48), name="w")
    return b.add(b.matmul(b.input("x", "float32", [64, 64]), w), w)


def _with_infinity(b: GraphBuilder) -> Operand:
    w = numbers(64, 48)
    w[0, 0] = np.inf
    return b.matmul(b.input("x", "float32", [3, 64]), b.constant(w, name="w"))


STAYS: dict[str, tuple[Build, str, dict[str, Any]]] = {
    "small": (lambda b: b.matmul(b.input("x", "float32", [3, 8]), b.constant(numbers(8, 16), name="w")), "small", {}),
    "depthwise": (depthwise, "channels of few elements", {}),
    "table": (table, "an embedding table", {}),
    "tied": (tied, "an embedding table", {}),
    "by its layer's name": (LAYERS["matmul"][0], "--keep", {"keep": ("/lay*",)}),
    "by its own name": (LAYERS["matmul"][0], "--keep", {"keep": ("w",)}),
    "read as something else": (_fused, "no layer's alone", {}),
    "reshaped": (mixed, "channels that a reshape mixes", {}),
    "not a number": (_with_infinity, "numbers that the type has not", {}),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_stays_says_why(name: str) -> None:
    build, reason, options = STAYS[name]
    graph = graph_of(build)
    (made,) = quantized([graph], Scheme(Weights.INT8, **options))
    assert {weight.operand.name: str(why) for weight, why in made.stays.items()} == {"w": reason}
    assert not made.weights
    assert [node.op for node in made.graph.nodes] == [node.op for node in graph.nodes]


def test_what_is_quantized_already_is_not_touched() -> None:
    once = quantize(graph_of(LAYERS["tied"][0]), "int4", embeddings=True)
    for kind in ("int8", "int4", "float16"):
        again = quantize(once, kind, embeddings=True)
        assert {o.name: o.descriptor for o in again.constants} == {o.name: o.descriptor for o in once.constants}
        assert len(again.nodes) == len(once.nodes)


def test_rows_are_gathered_as_they_are_stored() -> None:
    made = quantize(graph_of(table), "int8", embeddings=True)
    assert [node.op for node in made.nodes] == ["gather", "gather", "dequantizeLinear"]
    assert max(output.size for node in made.nodes for output in node.outputs) == 2 * 5 * 64


def test_a_tied_table_stays_one() -> None:
    made = quantize(graph_of(tied), "int8", embeddings=True)
    assert [o.descriptor for o in made.constants if o.size == 6400] == [made.operands["w"].descriptor]
    assert made.operands["w"].data_type is DataType.INT8


def test_graphs_share_what_they_have_in_common(tmp_path: Path) -> None:
    both = [graph_of(lambda b, n=n: b.matmul(b.input("x", "float32", [n, 64]), b.constant(numbers(64, 48), name="w"))) for n in (1, 5)]
    made = quantize_together(both, "int4")
    assert made[0].weights[made[0].operands["w"]] is made[1].weights[made[1].operands["w"]]
    save_together({tmp_path / "a.webnn": made[0], tmp_path / "b.webnn": made[1]})
    loaded = [load(tmp_path / name) for name in ("a.webnn", "b.webnn")]
    assert [sorted(o.name for o in graph.constants) for graph in loaded] == [["w", "w_scale", "w_zero_point"]] * 2


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"weights": "int2"}, "weights cannot become 'int2'"),
        ({"weights": "int4", "block_size": 1}, "blocks of 1 elements save nothing"),
        ({"keep": ["layers"]}, "no layer and no weight is called like 'layers'"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        quantize(graph_of(LAYERS["matmul"][0]), **options)


def test_each_layer_is_measured_on_its_own_exact_inputs() -> None:
    first, second = numbers(64, 64) / 8, numbers(64, 48)

    def build(b: GraphBuilder) -> Operand:
        hidden = b.matmul(b.input("x", "float32", [3, 64]), b.constant(first, name="first"))
        b.suggest(hidden, "hidden")
        return b.matmul(b.tanh(hidden), b.constant(second, name="second"))

    graph = graph_of(build)
    (made,) = quantized([graph], Scheme(Weights.INT4))
    x = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    found = measure(made, {"x": x})

    def restored(name: str) -> Any:
        node = next(n for n in made.graph.nodes if n.op == "dequantizeLinear" and n.arguments["input"].name == name)
        return evaluate(node, made.graph.constants.__getitem__)[node.output].astype(np.float64)

    def decibels(wrong: Any, right: Any) -> float:
        return float(10 * np.log10((right**2).sum() / ((right - wrong) ** 2).sum()))

    hidden = x.astype(np.float64) @ first
    right = {
        "hidden": decibels(x @ restored("first"), hidden),
        "y": decibels(np.tanh(hidden) @ restored("second"), np.tanh(hidden) @ second),
    }
    assert list(found.layers) == sorted(right, key=lambda name: right[name])
    for name, ratio in right.items():
        assert math.isclose(found.layers[name], ratio, abs_tol=0.01)
    whole = np.tanh(x @ restored("first")) @ restored("second")
    assert math.isclose(found.ratios["y"], decibels(whole, np.tanh(hidden) @ second), abs_tol=0.01)

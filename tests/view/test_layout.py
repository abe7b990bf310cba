"""Groups and layers: what belongs together, and what is above what."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.view.graphs import chain, random_graph
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph
from webnn_graph.labels import DEEPEST, path_of
from webnn_graph.view.groups import Group, calls, grouped
from webnn_graph.view.layers import LONGEST, Edge, laid_out
from webnn_graph.view.scene import scene

pytest.importorskip("fast_sugiyama", reason="fast-sugiyama is not installed")

PATHS = {
    "": (),
    "encoder.layers.3.self_attn": ("encoder", "layers", "3", "self_attn"),
    "/encoder/layer.0/MatMul": ("encoder", "layer.0"),
    "MatMul_12": ("MatMul_12",),
    "a/b/Conv;a/b/Relu": ("a", "b"),
    "//a//b": ("a",),
    "/".join(["a"] * 1000): ("a",) * DEEPEST,
}

GROUPS: dict[str, tuple[Graph, Any]] = {
    "no labels": (chain("", "", ""), ["sin", "cos", "tan"]),
    "a label each": (chain("a", "b", "c"), ["sin", "cos", "tan"]),
    "modules": (chain("a.0", "a.0", "a.1", "a.1", "b"), [("a", [("a.0", ["sin", "cos"]), ("a.1", ["tan", "sin"])]), "cos"]),
    "one within the other": (chain("/m/a/X", "/m/a/Y", "/m/a/Z"), ["sin", "cos", "tan"]),
    "outside of it": (chain("/m/a/X", "/m/a/Y", "/Z"), [("m/a", ["sin", "cos"]), "tan"]),
    "left and entered again": (
        chain("a", "a", "a", "b", "a", "a", "a"),
        [("a", ["sin", "cos", "tan"]), "sin", ("a (2)", ["cos", "tan", "sin"])],
    ),
    "everywhere": (chain("Conv.1", "Relu.1", "Conv.2", "Relu.2", "Conv.3", "Relu.3"), ["sin", "cos", "tan", "sin", "cos", "tan"]),
}


def tree(group: Group) -> list[Any]:
    return [(item.name, tree(item)) if isinstance(item, Group) else item.op for item in group.items]


@pytest.mark.parametrize(("label", "path"), PATHS.items())
def test_a_label_is_a_path(label: str, path: tuple[str, ...]) -> None:
    assert path_of(label) == path


@pytest.mark.parametrize(("graph", "expected"), GROUPS.values(), ids=GROUPS)
def test_groups(graph: Graph, expected: Any) -> None:
    assert tree(grouped(graph)) == expected


def test_groups_that_need_each_other_are_no_groups() -> None:
    b = GraphBuilder()
    x, y = b.input("x", "float32", [2]), b.input("y", "float32", [2])
    with b.source("a"):
        first = b.sin(x)
    with b.source("b"):
        second, third = b.cos(first), b.tan(y)
    with b.source("a"):
        last = b.neg(third)
    items = grouped(b.build({"p": second, "q": last})).items
    assert sum(isinstance(item, Group) for item in items) == 1


def test_labels_as_deep_as_there_are_calls() -> None:
    labels = ["a/" * depth + "b/x" for depth in range(1, 1001)]
    assert len(grouped(chain(*labels)).nodes) == len(labels)


@pytest.mark.parametrize("seed", range(20))
def test_every_call_is_in_one_group_and_no_group_needs_itself(seed: int) -> None:
    graph = random_graph(seed)
    whole = grouped(graph)

    def check(group: Group) -> list[Any]:
        done = set()
        inside = {output for node in group.nodes for output in node.outputs}
        for item in group.items:
            for node in calls(item):
                assert {operand for operand in node.operands if operand in inside} <= done | {o for n in calls(item) for o in n.outputs}
            done |= {output for node in calls(item) for output in node.outputs}
        return [node for item in group.items for node in (check(item) if isinstance(item, Group) else [item])]

    assert sorted(map(id, check(whole))) == sorted(map(id, graph.nodes))


@pytest.mark.parametrize("seed", range(10))
def test_tensors_go_down_row_by_row(seed: int) -> None:
    document = scene(random_graph(seed))
    for group in document["groups"]:
        rows, places, kinds = group["rows"], group["places"], [kind for kind, _ in group["vertices"]]
        assert len({(row, place) for row, place in zip(rows, places, strict=True)}) == len(rows), "no two are at one place"
        for _, *way in group["ways"]:
            assert all(rows[below] == rows[above] + 1 for above, below in pairwise(way))
        for vertex, kind in enumerate(kinds):
            assert kind not in ("input", "enter") or rows[vertex] == 0
            assert kind not in ("output", "leave") or rows[vertex] == max(rows)


def test_readers_of_a_tensor_share_its_bends() -> None:
    edges = [Edge(0, 1, 7), Edge(1, 2, 8), Edge(2, 3, 9), Edge(0, 3, 7), Edge(0, 2, 7)]
    layout = laid_out(4, edges)
    assert layout.ways[3][:2] == layout.ways[4][:2] == [0, 4]
    assert len(layout.rows) == 4 + 2


def test_a_tensor_that_goes_too_far_has_no_bends() -> None:
    count = LONGEST + 3
    edges = [Edge(vertex, vertex + 1, vertex) for vertex in range(count - 1)] + [Edge(0, count - 1, 0)]
    layout = laid_out(count, edges)
    assert (len(layout.rows), list(layout.ways[-1])) == (count, [0, count - 1])


def test_what_nothing_connects_stands_side_by_side() -> None:
    layout = laid_out(4, [Edge(0, 1, 0)])
    assert len({(row, place) for row, place in zip(layout.rows, layout.places, strict=True)}) == 4

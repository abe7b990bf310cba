"""What differs between two versions of a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.diff import diff
from webnn_graph.graph import Graph


@dataclass(frozen=True)
class Net:
    """A small network, each of whose parts can be another."""

    channels: int = 3
    filter: float = 1.0
    strides: tuple[int, int] = (1, 1)
    activation: str = "relu"
    has_norm: bool = False
    labels: bool = True
    prefix: str = ""
    size: int = 8

    def graph(self) -> Graph:
        b = GraphBuilder("net")
        x = b.input("x", "float32", [1, self.channels, self.size, self.size])

        def named(label: str) -> Any:
            return b.source(f"{self.prefix}{label}" if self.labels else "")

        with named("conv"):
            weights = np.full((4, self.channels, 3, 3), self.filter, np.float32)
            y = b.conv2d(x, weights, strides=list(self.strides))
        if self.has_norm:
            with named("norm"):
                y = b.instanceNormalization(y)
        with named("act"):
            y = b.call(self.activation, y)
        with named("pool"):
            y = b.reduceMean(y, axes=[2, 3])
        return b.build({"y": y})


NET = Net()
CASES: dict[str, tuple[Net, dict[str, Any]]] = {
    "nothing": (NET, {}),
    "labels and names alone": (replace(NET, prefix="model."), {}),
    "no labels": (replace(NET, labels=False), {}),
    "an option": (replace(NET, strides=(2, 2)), {"changed": ["strides: none -> [2, 2]", "result: ", "result: "]}),
    "weights": (replace(NET, filter=2.0), {"changed": ["filter: float32[4, 3, 3, 3] "]}),
    "a call more": (replace(NET, has_norm=True), {"added": ["instanceNormalization"], "changed": ["input: "]}),
    "another operator": (replace(NET, activation="gelu"), {"removed": ["relu"], "added": ["gelu"], "changed": ["input: "]}),
    "the interface": (
        replace(NET, size=16),
        {"interface": ["input x: float32[1, 3, 8, 8] -> float32[1, 3, 16, 16]"], "changed": ["result: ", "result: "]},
    ),
}


@pytest.mark.parametrize(("other", "expected"), CASES.values(), ids=CASES)
def test_what_differs(other: Net, expected: dict[str, Any]) -> None:
    found = diff(NET.graph(), other.graph())
    assert [node.op for node in found.removed] == expected.get("removed", [])
    assert [node.op for node in found.added] == expected.get("added", [])
    assert found.interface == expected.get("interface", [])
    changes = [text for pair in found.changed for text in pair.changes]
    assert len(changes) == len(expected.get("changed", []))
    assert all(text.startswith(start) for text, start in zip(changes, expected.get("changed", []), strict=True))
    assert found.is_empty is not bool(expected)


@pytest.mark.parametrize("other", [other for other, _ in CASES.values()], ids=CASES)
def test_the_other_way_round(other: Net) -> None:
    there, back = diff(NET.graph(), other.graph()), diff(other.graph(), NET.graph())
    assert [node.op for node in there.added] == [node.op for node in back.removed]
    assert [node.op for node in there.removed] == [node.op for node in back.added]
    assert len(there.changed) == len(back.changed)


def test_weights_are_told_apart_by_their_digests() -> None:
    graphs = NET.graph(), replace(NET, filter=2.0).graph()
    (pair,) = diff(*graphs).changed
    first, second = (weight.digest.hex()[:8] for graph in graphs for weight in graph.weights.values())
    assert pair.changes == [f"filter: float32[4, 3, 3, 3] {first} -> float32[4, 3, 3, 3] {second}"]


@pytest.mark.parametrize("swap", [lambda a, b: (a, b), lambda a, b: (b, a)])
def test_operands_that_change_places(swap: Callable[[Any, Any], tuple[Any, Any]]) -> None:
    def graph(order: Callable[[Any, Any], tuple[Any, Any]]) -> Graph:
        b = GraphBuilder()
        x, y = b.input("x", "float32", [2]), b.input("y", "float32", [2])
        return b.build({"z": b.sub(*order(b.sin(x), b.cos(y)))})

    found = diff(graph(lambda a, b: (a, b)), graph(swap))
    assert found.is_empty is (swap(1, 2) == (1, 2))

"""Blocks that repeat in graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest

from tests.javascript.repeating import SIZE, layers, matrix, random_graph
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.repeats import Item, Use, items_of


def items(graph: Graph) -> Sequence[Item]:
    """The items of a graph."""
    return items_of(graph.nodes, graph.constants, frozenset(graph.outputs))


def nodes(items: Sequence[Item]) -> Iterator[Node]:
    """The nodes in items, in their order."""
    for item in items:
        if isinstance(item, Node):
            yield item
        else:
            yield from nodes(item.items)


def uses(items: Sequence[Item]) -> list[Use]:
    """The uses among items and inside of them, outermost first."""
    found = []
    for item in items:
        if isinstance(item, Use):
            found += [item, *uses(item.items)]
    return found


def shape(items: Sequence[Item]) -> str:
    """Items as text: operators, and for uses in a row how many there are of what."""
    parts: list[str] = []
    for place, item in enumerate(items):
        if isinstance(item, Node):
            parts.append(item.op)
        elif place and isinstance(before := items[place - 1], Use) and before.block is item.block:
            parts[-1] = f"{int(parts[-1].partition(' ')[0]) + 1} {parts[-1].partition(' ')[2]}"
        else:
            parts.append(f"1 ({shape(item.items)})")
    return " ".join(parts)


def built(make: Callable[[GraphBuilder, Operand, Callable[[], Operand]], Operand]) -> Graph:
    """The graph of what ``make`` makes of a builder, an input and a function that gives weights."""
    b, random = GraphBuilder("g"), Random(0)
    return b.build({"y": make(b, b.input("x", "float32", [SIZE, SIZE]), lambda: b.constant(matrix(random)))})


def perceptron(b: GraphBuilder, x: Operand, weight: Callable[[], Operand]) -> Operand:
    for _ in range(6):
        x = b.relu(b.add(b.matmul(x, weight()), weight()))
    return x


def downsampling(b: GraphBuilder, x: Operand, weight: Callable[[], Operand]) -> Operand:
    for op in ("abs", "sin", "cos", "exp"):
        x = b.call(op, b.tanh(b.add(b.matmul(b.relu(b.matmul(x, weight())), weight()), x)))
    return x


def other_wiring(b: GraphBuilder, x: Operand, weight: Callable[[], Operand]) -> Operand:
    for place in range(8):
        first = b.relu(b.matmul(x, weight()))
        second = b.tanh(b.matmul(first, weight()))
        x = b.add(first if place % 2 else x, second)
    return x


def other_numbers(b: GraphBuilder, x: Operand, weight: Callable[[], Operand]) -> Operand:
    for place in range(4):
        x = b.clamp(b.tanh(b.sin(b.matmul(b.cos(x), weight()))), minValue=-place, maxValue=place + 1)
    return x


def two_alike(b: GraphBuilder, x: Operand, weight: Callable[[], Operand]) -> Operand:
    for _ in range(2):
        x = b.relu(b.matmul(b.tanh(b.matmul(x, weight())), weight()))
    return x


LAYER = "matmul matmul transpose matmul mul add softmax matmul add"
CASES = {
    "layers": (lambda: layers(7), f"sub 7 ({LAYER})"),
    "what each layer makes is an output": (lambda: layers(7, outputs=True), f"sub 7 ({LAYER})"),
    "a layer's weight is another's, too": (lambda: layers(7, shared=(2, 5)), f"sub 7 ({LAYER})"),
    "the shortest period": (lambda: built(perceptron), "6 (matmul add relu)"),
    "something between": (
        lambda: built(downsampling),
        " ".join(f"1 (matmul relu matmul add tanh) {op}" for op in ("abs", "sin", "cos", "exp")),
    ),
    "read another way by turns": (lambda: built(other_wiring), "4 (matmul relu matmul tanh add matmul relu matmul tanh add)"),
    "other numbers": (lambda: built(other_numbers), " ".join(["1 (cos matmul sin tanh) clamp"] * 4)),
    "too few": (lambda: built(two_alike), "matmul tanh matmul relu " * 2),
}


@pytest.mark.parametrize(("make", "expected"), CASES.values(), ids=CASES)
def test_what_repeats(make: Callable[[], Graph], expected: str) -> None:
    assert shape(items(make())) == expected.strip()


@pytest.mark.parametrize("seed", range(10))
def test_uses_are_alike_and_in_order(seed: int) -> None:
    graph = random_graph(seed)
    found = items(graph)
    assert list(nodes(found)) == list(graph.nodes)
    assert shape(found) == shape(items(random_graph(seed)))
    for use in uses(found):
        first = use.block.uses[0]
        assert shape(use.items) == shape(first.items)
        assert [operand.data_type for operand in use.operands] == [operand.data_type for operand in first.operands]
        inside = {operand for node in nodes(use.items) for operand in node.outputs}
        assert [o for node in nodes(use.items) for o in node.operands if o not in inside] == list(use.operands)
        outside = {o for node in graph.nodes if node not in set(nodes(use.items)) for o in node.operands} | set(graph.outputs)
        assert inside & outside <= set(use.outputs) <= inside

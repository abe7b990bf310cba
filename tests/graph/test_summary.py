"""What is said of a graph in three lines, and of its parts in one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from webnn_graph import Graph, GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Descriptor
from webnn_graph.summary import WIDTH, headline, interface, operators, summary
from webnn_graph.weight import Weight
from webnn_graph.wording import count, harmless, one_line, size

LONG = "encoder_layers_0_self_attention_output_dense_bias_added"


def graph(
    name: str = "tiny", inputs: tuple[str, ...] = ("image",), outputs: tuple[str, ...] = ("logits",), shape: tuple[int, ...] = (1, 3)
) -> Graph:
    """A graph with this interface, which adds one constant and its inputs."""
    b = GraphBuilder(name)
    total = b.constant(np.ones(shape, np.float32))
    for operand in [b.input(given, "float32", shape) for given in inputs]:
        total = b.add(total, operand)
    return b.build({output: b.mul(total, i + 2) for i, output in enumerate(outputs)})


INTERFACES = [
    (graph(), WIDTH, "image float32[1, 3] -> logits float32[1, 3]"),
    (graph(inputs=("a", "b")), WIDTH, "a float32[1, 3], b float32[1, 3] -> logits float32[1, 3]"),
    (graph(shape=()), WIDTH, "image float32[] -> logits float32[]"),
    (graph(inputs=(LONG,)), WIDTH, "encoder_layers_...nse_bias_added float32[1, 3] -> logits float32[1, 3]"),
    (graph(inputs=(LONG,), shape=(1, 384, 384, 3)), 70, "encod...dded float32[1, 384, 384, 3] -> logits float32[1, 384, 384, 3]"),
    (graph(inputs=("a", "b", "c", "d", "e")), WIDTH, "a float32[1, 3], b float32[1, 3] and 3 more -> logits float32[1, 3]"),
    (graph(inputs=("a", "b"), outputs=("c", "d")), 60, "a float32[1, 3] and 1 more -> c float32[1, 3] and 1 more"),
    (graph(inputs=("a", "b"), outputs=("c", "d")), 40, "2 inputs -> c float32[1, 3] and 1 more"),
    (graph(), 20, "1 input -> 1 output"),
    (graph(), 10, "1 in...put"),
    (graph(inputs=tuple(f"past_{i}" for i in range(900))), 48, "900 inputs -> logits float32[1, 3]"),
    (graph(inputs=tuple(f"past_{i}" for i in range(9))), WIDTH, "past_0 to past_8, 9 times float32[1, 3] -> logits float32[1, 3]"),
    (graph(inputs=("x", *(f"past_{i}" for i in range(9)))), 60, "x float32[1, 3] and 9 more -> logits float32[1, 3]"),
]


@pytest.mark.parametrize(("whose", "width", "expected"), INTERFACES)
def test_interface(whose: Graph, width: int, expected: str) -> None:
    assert interface(whose, width) == expected
    assert len(expected) <= width


def test_a_graph_is_three_lines() -> None:
    whose = graph()
    expected = "tiny: 2 operators, 16 B of weights\n  image float32[1, 3] -> logits float32[1, 3]\n  add 1, mul 1"
    assert repr(whose) == str(whose) == summary(whose) == expected


@pytest.mark.parametrize("name", ["", "x" * 10_000, "\x1b[31mred\x07", "line\nbreak", "<script>"])
def test_whatever_its_name_a_graph_is_three_lines(name: str) -> None:
    lines = repr(graph(name, inputs=tuple(f"{LONG}_{i}" for i in range(40)))).split("\n")
    assert len(lines) == 3
    assert all(len(line) <= WIDTH and line.isprintable() for line in lines)


def test_the_most_frequent_operators_come_first() -> None:
    b = GraphBuilder("many")
    y = b.input("x", "float32", [2, 2])
    for op in (b.relu, b.exp, b.relu, b.sin, b.exp, b.relu):
        y = op(y)
    built = b.build({"y": y})
    assert operators(built) == "relu 3, exp 2, sin 1"
    assert operators(built, 18) == "relu 3 and 2 more"
    assert headline(replace(built, nodes=built.nodes[:1])) == "many: 1 operator, 0 B of weights"
    assert operators(replace(built, nodes=())) == "no operators"


TEXTS = [
    (size(999), "999 B"),
    (size(3_200_000), "3.2 MB"),
    (size(2 * 10**13), "20000.0 GB"),
    (count(1, "operator"), "1 operator"),
    (count(1205, "node"), "1,205 nodes"),
    (harmless("a\x1b[0m\n"), "a\\x1b[0m\n"),
    (one_line("one\ntwo", 10), "one two"),
    (one_line("abcdefghij", 8), "abc...ij"),
    (one_line("abcdefghij", 2), ".."),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_wording(text: str, expected: str) -> None:
    assert text == expected


PARTS = [
    (Descriptor(DataType.FLOAT32, (1, 3)), "<Descriptor float32[1, 3]>"),
    (graph().inputs[0], "<Operand image: float32[1, 3]>"),
    (graph().nodes[0], "<Node "),
    (Weight(DataType.INT8, np.zeros((2, 2), np.int8)), "<Weight int8 of shape [2, 2]>"),
    (Weight(DataType.INT8, lambda: np.zeros((2, 2), np.int8)), "<Weight int8 not read yet>"),
]


@pytest.mark.parametrize(("part", "expected"), PARTS)
def test_parts_are_one_short_line(part: object, expected: str) -> None:
    assert repr(part).startswith(expected)
    assert "\n" not in repr(part)

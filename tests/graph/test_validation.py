"""`validate` finds what is wrong with a graph that was not built by the builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from webnn_graph import Graph, GraphBuilder, validate
from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Node, Operand

F32 = DataType.FLOAT32


def sound() -> Graph:
    b = GraphBuilder("sound")
    x = b.input("x", "float32", [2, 3])
    w = b.constant(np.ones((3, 20), np.float32), name="w")
    with b.source("/first"):
        y = b.matmul(x, w)
    return b.build({"z": b.relu(y)})


def with_node(graph: Graph, index: int, **changes: object) -> Graph:
    nodes = list(graph.nodes)
    nodes[index] = replace(nodes[index], **changes)  # type: ignore[arg-type]
    return replace(graph, nodes=tuple(nodes))


def renamed(graph: Graph, name: str) -> Graph:
    """The first node's result has another name."""
    other = Operand(F32, (2, 20), name)
    second = replace(graph.nodes[1], arguments={"input": other})
    return replace(graph, nodes=(replace(graph.nodes[0], outputs=(other,)), second))


def cycle(graph: Graph) -> Graph:
    a, b = Operand(F32, (2,), "a"), Operand(F32, (2,), "b")
    return replace(graph, nodes=(Node("relu", {"input": b}, (a,)), Node("neg", {"input": a}, (b,))), outputs=(b,))


BROKEN: list[tuple[str, Callable[[Graph], Graph]]] = [
    ("the name 'x' is used twice", lambda g: renamed(g, "x")),
    ("result 'a b' is not named by an identifier", lambda g: renamed(g, "a b")),
    ("result 'true' is not named by an identifier", lambda g: renamed(g, "true")),
    ("input 'x' is defined twice", lambda g: replace(g, inputs=g.inputs * 2)),
    ("input 'x' has shape [0]; dimensions must be 1 to", lambda g: replace(g, inputs=(Operand(F32, (0,), "x"),))),
    ("input 'x' has 33 dimensions", lambda g: replace(g, inputs=(Operand(F32, (1,) * 33, "x"),))),
    ("/first: 'x' is not in the graph", lambda g: replace(g, inputs=())),
    ("/first: 'w' is not in the graph", lambda g: replace(g, constants={})),
    ("relu (z): 'matmul_0' is read before it is defined", lambda g: replace(g, nodes=g.nodes[::-1])),
    ("relu (a): 'b' is read before it is defined: a cycle", cycle),
    ("result 'matmul_0' is defined twice", lambda g: replace(g, nodes=(g.nodes[0], *g.nodes))),
    ("/first: WebNN has no operator 'matmull'", lambda g: with_node(g, 0, op="matmull")),
    ("/first: matmul needs the argument b", lambda g: with_node(g, 0, arguments={"a": g.inputs[0]})),
    ("/first: matmul: a has 3 columns, b has 2 rows", lambda g: with_node(g, 0, arguments={"a": g.inputs[0], "b": g.inputs[0]})),
    (
        "relu (z): relu returns float32[2, 20]; the graph says float16[2, 20]",
        lambda g: with_node(g, 1, outputs=(Operand(DataType.FLOAT16, (2, 20), "z"),)),
    ),
    ("relu (z): relu returns float32[2, 20]; the graph says float32[40]", lambda g: with_node(g, 1, outputs=(Operand(F32, (40,), "z"),))),
    ("relu (): relu returns float32[2, 20]; the graph says ", lambda g: with_node(g, 1, outputs=())),
    (
        "constant w: float32[3, 20] has an array of float64[3, 20]",
        lambda g: replace(g, constants={next(iter(g.constants)): np.ones((3, 20))}),
    ),
    (
        "constant w: float32[3, 20] has an array of float32[60]",
        lambda g: replace(g, constants={next(iter(g.constants)): np.ones(60, np.float32)}),
    ),
    (
        "constant c: int4[2] has elements outside -8 to 7",
        lambda g: replace(g, constants={Operand(DataType.INT4, (2,), "c"): np.array([1, 8], np.int8)}),
    ),
    ("the graph has no outputs", lambda g: replace(g, outputs=())),
    ("the output 'x' is not the result of a node", lambda g: replace(g, outputs=g.inputs)),
    ("the output 'w' is not the result of a node", lambda g: replace(g, outputs=tuple(g.constants))),
    ("the output 'z' is listed twice", lambda g: replace(g, outputs=g.outputs * 2)),
]


def test_a_sound_graph_passes() -> None:
    validate(sound())


@pytest.mark.parametrize(("message", "damage"), BROKEN, ids=[message for message, _ in BROKEN])
def test_what_is_broken_is_found(message: str, damage: Callable[[Graph], Graph]) -> None:
    with pytest.raises(ValidationError) as raised:
        validate(damage(sound()))
    assert raised.value.message.startswith(message)

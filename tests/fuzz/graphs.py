"""What the formats of WebNN graphs share: honest graphs of each operator, and what is done with a file that can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from tests.formats.graphs import as_data, every_operator
from tests.fuzz import mutations, trees
from webnn_graph import Graph, load, run, save, validate
from webnn_graph.data_types import DataType
from webnn_graph.feeds import seeded
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import OPS, Parameter

SMALL = 20_000
"""Elements of a graph that is written and run, besides being read."""
TOGETHER = 4
"""Neighbouring nodes that make a graph."""
DYNAMIC, SIZE = b'"n"', {"n": 2}
"""What stands in a file with a dynamic dimension, and the size that it is given."""


@cache
def files(suffix: str) -> list[tuple[bytes, dict[str, bytes]]]:
    """A file of the given form for each graph, and the files beside it."""
    found = []
    with TemporaryDirectory() as folder:
        for graph in graphs():
            made = save(graph, path := Path(folder, f"model{suffix}"))
            contents = {file.name: file.read_bytes() for file in made}
            found.append((contents.pop(path.name), contents))
            for file in made:
                file.unlink()
    return found


def graphs() -> Iterator[Graph]:
    """A graph of each node that the tests of the formats have, of neighbours, and of all."""
    whole = every_operator()
    yield whole
    for count in (1, TOGETHER):
        for start in range(0, len(whole.nodes), count):
            yield part(whole, whole.nodes[start : start + count])


def part(whole: Graph, nodes: Sequence[Node], outputs: Sequence[Operand] | None = None) -> Graph:
    """Some nodes of a graph by themselves, as far as the outputs need them: by default all that they make."""
    made = {output for node in nodes for output in node.outputs}
    wanted = tuple(made) if outputs is None else outputs
    needed = set(wanted)
    kept: list[Node] = []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            kept.insert(0, node)
            needed.update(node.operands)
    ends = tuple(output for node in kept for output in node.outputs if outputs is None or output in wanted)
    read = dict.fromkeys(operand for node in kept for operand in node.operands if operand not in made)
    inputs = tuple(operand for operand in read if operand not in whole.constants)
    constants = {operand: whole.constants[operand] for operand in read if operand in whole.constants}
    return Graph(kept[0].op, inputs, constants, tuple(kept), ends)


def argument(random: Random, op: str) -> tuple[str, Any]:
    """An argument that an operator has, or another one, and a value for it, most of the kind that it takes."""
    parameters = OPS[op].parameters if op in OPS else {}
    if not parameters or random.random() < 0.1:
        return random.choice(["label", *(name for other in OPS.values() for name in other.parameters)]), trees.plain(random)
    name = random.choice(list(parameters))
    return name, _value_for(parameters[name], random) if random.random() < 0.8 else trees.plain(random)


def _value_for(parameter: Parameter, random: Random) -> Any:
    """A value of the kind that a parameter takes."""
    one = {
        "int": lambda: random.choice((0, 1, 1, 2, 2, 3, 4, 6, -1, mutations.integer(random))),
        "float": lambda: mutations.number(random),
        "number": lambda: mutations.number(random),
        "string": lambda: random.choice(parameter.choices or ("x",)),
        "bool": lambda: random.random() < 0.5,
        "data type": lambda: random.choice(list(DataType)).value,
        "operand": lambda: random.choice(("x", "m", "i", "four", random.randrange(9))),
    }
    kind = parameter.kind.removesuffix("s")
    if kind == parameter.kind:
        return one.get(kind, one["int"])()
    return [one.get(kind, one["int"])() for _ in range(random.randrange(7))]


def another_shape(sizes: Sequence[Any], random: Random) -> list[Any]:
    """A shape like the given one: of another rank, with another size, or both."""
    shape = list(sizes)
    i = random.randrange(len(shape) + 1)
    match random.randrange(4):
        case 0:
            shape.insert(i, random.choice((1, 1, 2, mutations.integer(random))))
        case 1 if shape:
            shape.pop(i - 1)
        case _ if shape:
            shape[i - 1] = random.choice((1, 2, 3, 4, 5, 6, 8, 2**16, 2**31 - 1, mutations.integer(random)))
    return shape


def use(graph_file: Path, output: Path) -> None:
    """Reads and checks a graph; writes it, reads it again and runs it when it is small.

    Raises:
        WebNNError: It is refused.
        AssertionError: What was written is not what was read.
    """
    graph = load(graph_file, dims=SIZE if DYNAMIC in graph_file.read_bytes() else {})
    validate(graph)
    if sum(operand.size for operand in graph.operands.values()) > SMALL:
        return
    forms = [output / f"again{suffix}" for suffix in (".webnn", ".json", ".js")]
    save(graph, *forms)
    before = as_data(graph)
    for form in forms[:2]:
        assert as_data(load(form, check_bytes=True)) == before, f"{form.suffix} says something else"
    run(graph, seeded(graph.inputs))

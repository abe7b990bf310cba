"""What the formats of WebNN graphs share: honest graphs of each operator, and what is done with a file that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from tests.formats.graphs import as_data, every_operator
from tests.fuzz import mutations, trees
from webnn_graph import Graph, load, run, save, validate
from webnn_graph.inputs import seeded
from webnn_graph.ops import OPS

SMALL = 20_000
"""Elements of a graph that is written and run, besides being read."""
TOGETHER = 4
"""Neighbouring nodes that make a graph."""


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
            yield part(whole, start, start + count)


def part(whole: Graph, start: int, stop: int) -> Graph:
    """Some nodes of a graph, by themselves."""
    nodes = whole.nodes[start:stop]
    made = {output for node in nodes for output in node.outputs}
    read = dict.fromkeys(operand for node in nodes for operand in node.operands if operand not in made)
    inputs = tuple(operand for operand in read if operand not in whole.constants)
    constants = {operand: whole.constants[operand] for operand in read if operand in whole.constants}
    outputs = tuple(output for node in nodes for output in node.outputs)
    return Graph(nodes[0].op, inputs, constants, nodes, outputs)


def argument(random: Random, op: str) -> tuple[str, Any]:
    """An argument that an operator has, or another one, and a value for it."""
    known = list(OPS[op].parameters) if op in OPS and random.random() < 0.8 else [p for o in OPS.values() for p in o.parameters]
    name = random.choice([*known, "label"])
    choices = OPS[op].parameters[name].choices if op in OPS and name in OPS[op].parameters else ()
    if choices and random.random() < 0.7:
        return name, random.choice(choices)
    if random.random() < 0.4:
        return name, [random.choice((0, 1, 1, 2, 2, 3, 4, 6)) for _ in range(random.randrange(6))]
    return name, mutations.integer(random) if random.random() < 0.3 else trees.plain(random)


def use(graph_file: Path, output: Path) -> None:
    """Reads and checks a graph; writes it, reads it again and runs it when it is small.

    Raises:
        WebNNError: It is refused.
        AssertionError: What was written is not what was read.
    """
    graph = load(graph_file)
    validate(graph)
    if sum(operand.size for operand in graph.operands.values()) > SMALL:
        return
    forms = [output / f"again{suffix}" for suffix in (".webnn", ".json", ".js")]
    save(graph, *forms)
    before = as_data(graph)
    for form in forms[:2]:
        assert as_data(load(form)) == before, f"{form.suffix} says something else"
    run(graph, seeded(graph.inputs))

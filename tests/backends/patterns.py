"""Neighbourhoods of real graphs: what exporters write, a few calls at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from tests.backends.judging import Case
from tests.fuzz.graphs import part
from webnn_graph import Graph, load
from webnn_graph.data_types import Array
from webnn_graph.graph import Operand

CALLS = (2, 8)
LARGEST = 100_000
"""Elements of all operands of a neighbourhood."""
STEPS = 12
"""Of a recurrent call, which browsers write out step by step."""
HEAVY = ("conv2d", "convTranspose2d", "matmul", "gemm", "lstm", "gru")
WORK = 50_000_000
"""Multiplications of a call."""


def neighbourhoods(folder: Path, seed: int) -> Iterator[tuple[str, Case]]:
    """Without end: a few neighbouring calls of one of the graphs in the folder, on made-up values."""
    files = sorted((*folder.rglob("*.webnn"), *folder.rglob("*.json")))
    random = Random(seed)
    graphs: dict[Path, Graph] = {}
    for number in range(10**9):
        path = random.choice(files)
        if path not in graphs:
            graphs[path] = load(path)
        graph = neighbourhood(graphs[path], random)
        if graph is not None:
            yield f"{path.stem}:{seed}:{number}", Case(graph, made_up(graph, random))


def neighbourhood(whole: Graph, random: Random) -> Graph | None:
    """A connected part of a graph, or None when the one drawn is too large."""
    makers = {output: node for node in whole.nodes for output in node.outputs}
    readers: dict[Operand, list[int]] = {}
    places = {node: i for i, node in enumerate(whole.nodes)}
    for i, node in enumerate(whole.nodes):
        for operand in node.operands:
            readers.setdefault(operand, []).append(i)
    chosen = {random.randrange(len(whole.nodes))}
    for _ in range(random.randint(*CALLS) - 1):
        around = {places[makers[o]] for i in chosen for o in whole.nodes[i].operands if o in makers}
        around |= {reader for i in chosen for o in whole.nodes[i].outputs for reader in readers.get(o, [])}
        if around - chosen:
            chosen.add(random.choice(sorted(around - chosen)))
    nodes = [whole.nodes[i] for i in sorted(chosen)]
    made = [output for node in nodes for output in node.outputs]
    ends = [o for o in made if o in whole.outputs or any(i not in chosen for i in readers.get(o, []))]
    graph = part(whole, nodes, ends or made[-1:])
    size = sum(operand.size for operand in graph.operands.values())
    return graph if size <= LARGEST and all(_work(graph, i) <= WORK for i in range(len(graph.nodes))) else None


def _work(graph: Graph, i: int) -> int:
    node = graph.nodes[i]
    if node.arguments.get("steps", 0) > STEPS:
        return WORK + 1
    if node.op not in HEAVY:
        return 0
    weights = node.operands[1]
    return node.outputs[0].size * weights.size // max(1, min(weights.shape))


def made_up(graph: Graph, random: Random) -> dict[str, Array]:
    """Values for the inputs: floats of about 1, often none negative; integers that are indices of what they point into."""
    values = np.random.default_rng(random.getrandbits(64))
    positive = random.random() < 0.4
    return {operand.name: _values(graph, operand, values, positive) for operand in graph.inputs}


def _values(graph: Graph, operand: Operand, values: np.random.Generator, positive: bool) -> Array:
    if operand.data_type.is_float:
        array = values.standard_normal(operand.shape)
        return np.asarray(np.abs(array) + 0.01 if positive else array, operand.data_type.numpy)
    pointed = [node.operands[0] for node in graph.nodes if node.op.startswith(("gather", "scatter")) and operand in node.operands[1:2]]
    bound = min((min(x.shape) for x in pointed), default=2 if operand.data_type.bits == 8 else 5)
    return np.asarray(values.integers(0, bound, operand.shape), operand.data_type.numpy)

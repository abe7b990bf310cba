"""The fuzzer finds what is planted and nothing else, and a few of its graphs, always the same, in each back end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tests.backends.backends import Backend, Browser, Computed, Onnxruntime, Rustnn
from tests.backends.drawing import drawn
from tests.backends.fuzzing import Outcome, fuzz
from tests.backends.judging import Case
from tests.backends.patterns import made_up, neighbourhood
from tests.formats.graphs import as_data, every_operator
from webnn_graph import Graph, GraphBuilder
from webnn_graph.errors import ExecutionError
from webnn_graph.graph import Node
from webnn_graph.ops import OPS
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets.target import STANDARD

DRAWN = 700
"""Graphs that are drawn here."""
COMPUTED = 150
"""Graphs that each back end computes."""


def cases(seeds: range) -> list[tuple[str, Case]]:
    made = ((seed, drawn(seed)) for seed in seeds)
    return [(str(seed), Case(*graph)) for seed, graph in made if graph is not None]


class Planted:
    """The reference runtime, with a fault."""

    target = STANDARD

    def __init__(self, fault: Callable[[Node, Graph], bool], result: Callable[[dict[str, np.ndarray]], Computed]) -> None:
        self.fault = fault
        self.result = result

    def run(self, cases: Sequence[tuple[Graph, Case]]) -> list[Computed]:
        results: list[Computed] = []
        for graph, case in cases:
            outputs: Computed = reference.run(graph, case.inputs)
            assert isinstance(outputs, dict)
            results.append(self.result(outputs) if any(self.fault(node, graph) for node in graph.nodes) else outputs)
            if isinstance(results[-1], ExecutionError):
                break
        return results


def outcome(backend: Backend, seeds: range) -> Outcome:
    *_, (last, _) = fuzz(backend, cases(seeds))
    return last


def test_every_operator_is_drawn() -> None:
    calls = [node for _, case in cases(range(DRAWN)) for node in case.graph.nodes]
    assert {node.op for node in calls} == set(OPS)
    options = {(node.op, name) for node in calls for name in node.arguments}
    missing = {(op.name, name) for op in OPS.values() for name in op.parameters} - options
    assert missing <= {
        ("convTranspose2d", "outputSizes"),
        ("averagePool2d", "outputSizes"),
        ("l2Pool2d", "outputSizes"),
        ("maxPool2d", "outputSizes"),
    }


def test_a_seed_gives_the_same_graph() -> None:
    for (_, one), (_, other) in zip(cases(range(50)), cases(range(50)), strict=True):
        assert as_data(one.graph) == as_data(other.graph)
        assert all(np.array_equal(one.inputs[name], other.inputs[name], equal_nan=True) for name in one.inputs)


def test_the_reference_has_no_faults() -> None:
    found = outcome(Planted(lambda node, graph: False, lambda outputs: outputs), range(200))
    assert found.findings == []
    assert found.graphs > 150


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("wrong", lambda outputs: {name: array + np.ones((), array.dtype) for name, array in outputs.items()}),
        ("refused", lambda outputs: ExecutionError("Failed to execute 'build'")),
        ("crash", lambda outputs: ExecutionError("Target crashed")),
    ],
    ids=["wrong", "refused", "crash"],
)
def test_what_is_planted_is_found_and_made_small(kind: str, result: Callable[[dict[str, np.ndarray]], Computed]) -> None:
    def abs_before_add(node: Node, graph: Graph) -> bool:
        makers = {output: other.op for other in graph.nodes for output in other.outputs}
        return node.op == "add" and "abs" in (makers.get(operand) for operand in node.operands)

    found = outcome(Planted(abs_before_add, result), range(DRAWN))
    assert found.findings
    assert {finding.kind for finding in found.findings} == {kind}
    smallest = min(found.findings, key=lambda finding: len(finding.case.graph.nodes))
    assert [node.op for node in smallest.case.graph.nodes] == ["abs", "add"]


@pytest.mark.parametrize(("off", "differs"), [(1e-7, False), (1e-3, True)])
def test_rounding_is_no_fault(off: float, differs: bool) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [64])
    graph = b.build({"y": b.exp(x), "n": b.cast(b.floor(b.mul(x, 8)), "int32")})
    case = Case(graph, {"x": np.linspace(0.51, 2.03, 64, dtype=np.float32)})
    y, n = reference.run(graph, case.inputs).values()
    assert bool(case.differs({"y": y * np.float32(1 + off), "n": n})) == differs
    assert case.differs({"y": y, "n": n + np.int32(1)})
    assert case.differs({"y": np.where(y == y.max(), np.float32(np.nan), y), "n": n})


def test_neighbourhoods_are_parts() -> None:
    from random import Random

    whole, random = every_operator(), Random(0)
    for _ in range(100):
        graph = neighbourhood(whole, random)
        if graph is None:
            continue
        assert {node.op for node in graph.nodes} <= {node.op for node in whole.nodes}
        reference.run(graph, made_up(graph, random))


@pytest.mark.browser
def test_a_browser(browser: BrowserSession) -> None:
    with Browser(browser.chromium.executable) as backend:
        found = outcome(backend, range(10**6, 10**6 + COMPUTED))
    assert [f"{finding.seed} {finding.signature}: {finding.text}" for finding in found.findings] == []
    assert found.graphs > COMPUTED * 0.8


def test_onnxruntime() -> None:
    with Onnxruntime() as backend:
        found = outcome(backend, range(10**6, 10**6 + COMPUTED))
    assert [f"{finding.seed} {finding.signature}: {finding.text}" for finding in found.findings] == []
    assert found.graphs > COMPUTED * 0.8


@pytest.mark.rustnn
def test_rustnn() -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")
    with Rustnn() as backend:
        found = outcome(backend, range(10**6, 10**6 + COMPUTED))
    assert [f"{finding.seed} {finding.signature}: {finding.text}" for finding in found.findings] == []

"""Each known fault of an implementation: that its rewrite mends it without changing the meaning, and that the fault is still there."""

from __future__ import annotations

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph
from webnn_graph.inputs import seeded
from webnn_graph.runtimes import reference
from webnn_graph.targets import CHROMIUM, RUSTNN, Target, legalize, load_target, substitutes
from webnn_graph.targets.legalize import QUIRKS, faults
from webnn_graph.targets.quirk import Quirk, Table

TABLES = {CHROMIUM: QUIRKS[CHROMIUM], RUSTNN: QUIRKS[RUSTNN], "": substitutes.EXACT}
"""The quirks of each implementation, and the exact substitutes for what limits refuse, which every target has."""
EVERY = [(name, quirk) for name, table in TABLES.items() for quirk in table]
OF_BROWSERS = [quirk for name, quirk in EVERY if name != RUSTNN]
MENDED = [(name, quirk) for name, quirk in EVERY if quirk.rewrite is not None]

ROUNDED = {
    "averagePool2d with dilations",
    "long recurrent sequences",
    "lstm",
    "lstmCell",
    "pool with dilations",
    "pool with padding",
    "pool whose windows hang over",
}
"""Whose rewrites round at other places or sum in another order; all others are equal bit for bit."""


def id_of(row: object) -> str:
    return row.name if isinstance(row, Quirk) else str(row)


def target_of(name: str) -> Target:
    return load_target(name or CHROMIUM)


def probe(quirk: Quirk) -> Graph:
    b = GraphBuilder(quirk.name)
    return b.build(quirk.probe(b))


def found(graph: Graph, target: Target) -> set[str]:
    """The names of the quirks that the graph has."""
    return {quirk.name for _, quirk in faults(graph, target)}


def check(graph: Graph, legal: Graph, target: Target) -> None:
    """An assertion fails when the legalized graph still has a quirk that can be mended, or 4-bit weights became bytes."""
    assert not found(legal, target)
    assert has_four_bits(legal) == has_four_bits(graph)


def has_four_bits(graph: Graph) -> bool:
    """Whether the graph has weights of 4 bits, which should not become bytes."""
    return any(operand.data_type.bits == 4 for operand in graph.constants)


@pytest.mark.parametrize(("name", "quirk"), EVERY, ids=id_of)
def test_the_probe_has_it(name: str, quirk: Quirk) -> None:
    assert not name or quirk.name in found(probe(quirk), target_of(name))


@pytest.mark.parametrize(("name", "quirk"), MENDED, ids=id_of)
def test_the_rewrite_mends_it_and_means_the_same(name: str, quirk: Quirk) -> None:
    graph = probe(quirk)
    legal = legalize(graph, target_of(name), exact=True)
    check(graph, legal, target_of(name))
    inputs = seeded(graph.inputs)
    for output, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(reference.run(legal, inputs)[output], expected, rtol=0, atol=2e-5 if quirk.name in ROUNDED else 0)


@pytest.mark.parametrize(("name", "quirk"), MENDED, ids=id_of)
def test_nothing_else_mends_it(name: str, quirk: Quirk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its row the test before fails."""
    graph, target = probe(quirk), target_of(name)
    rest = Table(other for other in TABLES[name] if other is not quirk)
    with pytest.raises((AssertionError, ConversionError)):
        with monkeypatch.context() as without:
            without.setitem(QUIRKS, name, rest) if name else without.setattr(substitutes, "EXACT", rest)
            legal = legalize(graph, target, exact=True)
        check(graph, legal, target)

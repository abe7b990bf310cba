"""Each known fault of a browser: that its rewrite mends it without changing the meaning, and that the fault is still there."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backends.fuzzing import verdict
from tests.backends.judging import Case
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph
from webnn_graph.inputs import seeded
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import legalize, load_target
from webnn_graph.targets.legalize import QUIRKS, faults
from webnn_graph.targets.quirks import Quirk
from webnn_graph.targets.recurrent import BY_PRODUCTS
from webnn_graph.targets.target import CHROMIUM

ROWS = {quirk.name: quirk for quirk in QUIRKS[CHROMIUM]}
TARGET = load_target()


def probe(quirk: Quirk) -> Graph:
    b = GraphBuilder(quirk.name)
    return b.build(quirk.probe(b))


@pytest.mark.parametrize("quirk", ROWS.values(), ids=ROWS)
def test_the_rewrite_mends_it_and_means_the_same(quirk: Quirk) -> None:
    graph = probe(quirk)
    assert quirk.name in faults(graph, TARGET)
    legal = legalize(graph, TARGET)
    assert faults(legal, TARGET) == {}
    inputs = seeded(graph.inputs)
    rounding = 2e-5 if quirk.ops == tuple(BY_PRODUCTS) else 0  # of sums in another order, which 120 steps carry on
    for name, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(reference.run(legal, inputs)[name], expected, rtol=0, atol=rounding)


@pytest.mark.parametrize("quirk", ROWS.values(), ids=ROWS)
def test_nothing_else_mends_it(quirk: Quirk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setitem(QUIRKS, CHROMIUM, tuple(other for other in QUIRKS[CHROMIUM] if other is not quirk))
        legal = legalize(probe(quirk), TARGET)
    assert quirk.name in faults(legal, TARGET)


def test_long_and_forked_paths_are_followed_once() -> None:
    b = GraphBuilder()
    x = b.input("x", "int8", [2])
    for _ in range(1200):
        x = b.reverse(x)
        x = b.pad(b.slice(x, [0], [1]), [0], [1])
    for _ in range(40):
        x = b.slice(b.concat([x, b.reverse(x)], 0), [1], [2])
    legalize(b.build({"y": x}), TARGET)


@pytest.mark.browser
@pytest.mark.parametrize("quirk", ROWS.values(), ids=ROWS)
def test_the_browser_has_it_and_computes_what_is_rewritten(quirk: Quirk, browser: BrowserSession) -> None:
    graph = probe(quirk)
    case = Case(graph, seeded(graph.inputs))
    legal, raw = (verdict(case, browser.run_each([(form, case.inputs)])[0]) for form in (legalize(graph, TARGET), graph))
    assert legal == ("", "")
    if browser.chromium.version.partition(".")[0] in quirk.versions:
        assert raw[0], f"{quirk.name} is mended in this version"

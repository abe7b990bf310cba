"""Chromium computes legalized graphs as the reference computes the originals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.targets.cases import CASES, Build
from tests.targets.flat import flat
from tests.targets.test_parts import CASES as PARTS
from tests.targets.test_parts import SMALL, feeds, graph_of
from webnn_graph.builder import GraphBuilder
from webnn_graph.feeds import seeded
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import CHROMIUM, PORTABLE, legalize, load_target

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("build", CASES.values(), ids=CASES)
def test_values(browser: BrowserSession, build: Build) -> None:
    b = GraphBuilder()
    graph = b.build(build(b))
    inputs = seeded(graph.inputs)
    computed = browser.run(graph, inputs)
    for name, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(computed[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_values_for_every_browser(browser: BrowserSession) -> None:
    target = load_target(PORTABLE)
    graphs = {name: flat(build) for name, build in CASES.items()}
    legal = {name: legalize(graph, target) for name, graph in graphs.items()}
    inputs = {name: seeded(graph.inputs) for name, graph in legal.items()}
    computed = browser.run_each([(graph, inputs[name]) for name, graph in legal.items()])
    for (name, graph), values in zip(legal.items(), computed, strict=True):
        assert isinstance(values, dict), (name, values)
        for output, expected in reference.run(graph, inputs[name]).items():
            np.testing.assert_allclose(values[output], expected, rtol=1e-4, atol=1e-5, err_msg=f"{name}: {output}")


READ_IN_PARTS = (
    "rows that are gathered",
    "rows of a table of one column",
    "a product with a term",
    "a product with it first",
    "conv2d nchw oihw",
    "convTranspose2d nhwc hwoi",
    "a tied table",
    "element by element",
    "a tied quantized table",
    "quantized by blocks of columns",
)


def test_values_of_parts(browser: BrowserSession) -> None:
    target = replace(SMALL, quirks=CHROMIUM)
    graphs = {name: graph_of(PARTS[name][0]) for name in READ_IN_PARTS}
    computed = browser.run_each([(legalize(graph, target), feeds(graph)) for graph in graphs.values()])
    for (name, graph), values in zip(graphs.items(), computed, strict=True):
        assert isinstance(values, dict), (name, values)
        for output, expected in reference.run(graph, feeds(graph)).items():
            np.testing.assert_allclose(values[output], expected, rtol=1e-4, atol=1e-4, err_msg=f"{name}: {output}")


FAILS_TO_BUILD = {
    **{f"reduce{name}": "rank" for name in "L1 L2 LogSum LogSumExp Max Mean Min Sum SumSquare".split()},
    "concat": "rank and uint64",
    "constant": "larger than 128 MiB, or more than 1.43 GB together: fails or crashes",
    "gather": "rank of indices: crashes",
    "gatherND": "rank of indices: crashes",
    "maxTensorByteLength": "1 GiB or more: crashes",
    "output": "1,023 MiB or more: crashes",
    "scatterElements": "uint32",
    "scatterND": "uint32; rank of indices: crashes",
}
"""Where the target says less than the browser does, which then fails to build or crashes."""
BETWEEN = 150
"""A version between the two that are measured."""
FEWER_LATER = {"gatherElements", "logicalNot"}
"""Operators of which the later version takes fewer dimensions, as the target says."""
FEWER_BEFORE = {
    *("equal", "greater", "greaterOrEqual", "isInfinite", "isNaN", "lesser", "lesserOrEqual", "notEqual"),
    *("logicalAnd", "logicalOr", "logicalXor", "pow", "prelu"),
}
"""Operators of which the earlier version takes fewer dimensions, as the target says."""


def test_the_target_is_what_the_browser_says(browser: BrowserSession) -> None:
    said = browser.support_limits()
    stored = load_target().limits
    is_later = int(browser.chromium.version.partition(".")[0]) > BETWEEN
    assert set(said) == set(stored)
    assert {name for name in said if said[name] != stored[name]} == {*FAILS_TO_BUILD, *(FEWER_BEFORE if is_later else FEWER_LATER)}
    for name, limit in said.items():
        for operand, more in ({"": limit} if "dataTypes" in limit else limit).items() if isinstance(limit, dict) else ():
            less = stored[name][operand] if operand else stored[name]
            assert set(less["dataTypes"]) <= set(more["dataTypes"]), (name, operand)
            assert less["rankRange"]["max"] <= more["rankRange"]["max"], (name, operand)
            assert less["rankRange"]["min"] >= more["rankRange"]["min"], (name, operand)

"""The vectors of web-platform-tests, within its tolerances: in the reference runtime, as they are and legalized, and where graphs run."""

from __future__ import annotations

import re
from functools import partial

import pytest

from tests.ops.vectors import SLACK, Vector, check, problem, stored
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph
from webnn_graph.runtimes import reference, rustnn
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import legalize, load_target

VECTORS = stored()
OPERATORS = sorted({vector.file for vector in VECTORS})
REFUSED = {"chromium": r"clamp .* uint64 .*|sub .* uint64 .*|quantizeLinear .* int4 .*", "rustnn": r"quantizeLinear .* int4 .*"}
"""Vectors with types that a target does not compute, or not give."""
ROUGH = {"rustnn": {"layerNormalization": 4}}
"""How many times the tolerance the calls that stand for an operator may differ, where they round to float16 in between."""


def legalized(target: str, graph: Graph, inputs: dict[str, Array]) -> dict[str, Array]:
    return reference.run(legalize(graph, load_target(target)), inputs)


def of(op: str, target: str = "") -> list[Vector]:
    """The vectors of an operator that the target takes."""
    return [vector for vector in VECTORS if vector.file == op and not (target and re.fullmatch(REFUSED[target], str(vector)))]


@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
@pytest.mark.parametrize("op", OPERATORS)
def test_reference(op: str, constants: bool) -> None:
    assert not problem(of(op), reference.run, constants=constants)


@pytest.mark.parametrize("target", REFUSED)
@pytest.mark.parametrize("op", OPERATORS)
def test_legalized(op: str, target: str) -> None:
    assert not problem(of(op, target), partial(legalized, target), constants=True, slack=ROUGH.get(target, {}).get(op, 1))


@pytest.mark.parametrize("target", REFUSED)
def test_refused(target: str) -> None:
    vectors = [vector for vector in VECTORS if re.fullmatch(REFUSED[target], str(vector))]
    assert vectors
    for vector in vectors:
        with pytest.raises(ConversionError, match=f"for the target {target}"):
            check([vector], partial(legalized, target), constants=True)


@pytest.mark.rustnn
@pytest.mark.parametrize("op", OPERATORS)
def test_rustnn(op: str) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")
    assert not problem(of(op, "rustnn"), rustnn.run, constants=True, slack=SLACK)


@pytest.mark.browser
@pytest.mark.parametrize("op", OPERATORS)
def test_browser(op: str, session: BrowserSession) -> None:
    assert not problem(of(op, "chromium"), session.run, constants=True, slack=SLACK)

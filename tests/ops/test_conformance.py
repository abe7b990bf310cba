"""The vectors of `tests.ops.conformance` in the reference runtime, as they are and legalized, in a browser and in rustnn."""

from __future__ import annotations

import pytest

from tests.ops.conformance import VECTORS
from tests.ops.conformance_quantized import SUBGRAPHS
from tests.ops.vectors import SLACK, Vector, check, problem
from webnn_graph.runtimes import reference, rustnn
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import legalize, load_target

ALL = [*VECTORS, *SUBGRAPHS]


@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
@pytest.mark.parametrize("vector", ALL, ids=str)
def test_reference(vector: Vector, constants: bool) -> None:
    check([vector], reference.run, constants=constants)


@pytest.mark.parametrize("target", ["chromium", "rustnn"])
@pytest.mark.parametrize("vector", ALL, ids=str)
def test_legalized(vector: Vector, target: str) -> None:
    check([vector], lambda graph, inputs: reference.run(legalize(graph, load_target(target)), inputs), constants=True)


@pytest.mark.rustnn
@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
@pytest.mark.parametrize("vector", ALL, ids=str)
def test_rustnn(vector: Vector, constants: bool) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")
    check([vector], rustnn.run, constants=constants, slack=SLACK)


@pytest.mark.browser
@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
@pytest.mark.parametrize("file", sorted({vector.file for vector in ALL}))
def test_browser(file: str, constants: bool, session: BrowserSession) -> None:
    """The vectors of a file in Chromium, all in one graph."""
    vectors = [vector for vector in ALL if vector.file == file]
    assert not problem(vectors, session.run, constants=constants, slack=SLACK)

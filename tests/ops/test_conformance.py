"""The vectors of `tests.ops.conformance` in the reference runtime, as they are and legalized, in a browser and in rustnn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pytest

from tests.ops.conformance import VECTORS, Vector
from tests.ops.conformance_quantized import SUBGRAPHS
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference, rustnn
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import legalize, load_target

ALL = [*VECTORS, *SUBGRAPHS]
SLACK = 32
"""How many times a vector's tolerance a browser may differ, whose backend sums its own way."""
Run: TypeAlias = Callable[[Graph, dict[str, Array]], Mapping[str, Array]]


def check(vectors: list[Vector], run: Run, *, constants: bool, slack: int = 1) -> None:
    """Asserts that ``run`` computes what the suite expects in one graph, with inputs or with constants in their place."""
    b = GraphBuilder()
    feeds: dict[str, Array] = {}
    outputs: dict[str, Operand] = {}
    for i, vector in enumerate(vectors):
        made = {}
        for name, tensor in vector.inputs.items():
            array, unique = tensor.array(""), f"{name}{i}"
            if constants and name in vector.constants:
                made[name] = b.constant(array, tensor.data_type, unique)
            else:
                made[name], feeds[unique] = b.input(unique, tensor.data_type, tensor.shape), array
        outputs |= {f"{name}_{i}": operand for name, operand in vector.build(b, **made).items()}
    computed = run(b.build(outputs), feeds)
    for i, vector in enumerate(vectors):
        for name, tensor in vector.expected.items():
            array = computed[f"{name}_{i}"]
            assert array.dtype == tensor.data_type.numpy, vector
            assert array.shape == tensor.shape, vector
            same(array, tensor.array(""), vector.ulp * slack)


def same(computed: Array, expected: Array, ulp: int) -> None:
    """Asserts that at most ``ulp`` representable numbers lie between them; with 0, that even zeros have the same sign."""
    np.testing.assert_array_equal(np.isnan(computed), np.isnan(expected))
    there = ~np.isnan(expected)
    if ulp:
        np.testing.assert_array_max_ulp(computed[there], expected[there], ulp)
    else:
        np.testing.assert_array_equal(computed[there], expected[there])
        np.testing.assert_array_equal(np.signbit(computed[there]), np.signbit(expected[there]))


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
    if problem := _problem(vectors, session, constants):
        single = [f"{vector}: {one}" for vector in vectors if (one := _problem([vector], session, constants))]
        pytest.fail("\n".join(single) or f"only in one graph with each other: {problem}")


def _problem(vectors: list[Vector], session: BrowserSession, constants: bool) -> str:
    """What is wrong with the results of the vectors in the browser; empty when nothing is."""
    try:
        check(vectors, session.run, constants=constants, slack=SLACK)
    except (WebNNError, AssertionError) as error:
        return " ".join(str(error).split())
    return ""

"""The vectors of web-platform-tests, within its tolerances: in the reference runtime, as they are and legalized, and where graphs run."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import pytest

from tests.ops.make_vectors import tolerance, vector
from tests.ops.vectors import SLACK, Vector, check, problem, stored
from webnn_graph.data_types import Array, DataType
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
    vectors = [one for one in VECTORS if re.fullmatch(REFUSED[target], str(one))]
    assert vectors
    for one in vectors:
        with pytest.raises(ConversionError, match=f"for the target {target}"):
            check([one], partial(legalized, target), constants=True)


@pytest.mark.rustnn
@pytest.mark.parametrize("op", OPERATORS)
def test_rustnn(op: str) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")
    assert not problem(of(op, "rustnn"), rustnn.run, constants=True, slack=SLACK)


@pytest.mark.browser
@pytest.mark.parametrize("op", OPERATORS)
def test_browser(op: str, session: BrowserSession) -> None:
    assert not problem(of(op, "chromium"), session.run, constants=True, slack=SLACK)


def test_what_is_kept_of_a_test_of_the_suite() -> None:
    """Arguments by the standard's names, numbers as numbers with the digits that they need, one for many, and the tolerance."""
    row = vector(
        {
            "name": "one",
            "graph": {
                "inputs": {
                    "x": {"data": [0.0999755859375, "NaN", "-Infinity"], "descriptor": {"shape": [3], "dataType": "float16"}},
                    "scale": {"data": ["7n", "7n"], "descriptor": {"shape": [2], "dataType": "int64"}, "constant": True},
                },
                "operators": [{"name": "cast", "arguments": [{"input": "x"}, {"type": "int8"}], "outputs": "y"}],
                "expectedOutputs": {"y": {"data": 1, "descriptor": {"shape": [6000, 6000], "dataType": "float32"}}},
            },
        }
    )
    assert json.dumps(row.pop("inputs")) == '{"x": ["float16", [3], [0.1, NaN, -Infinity]], "scale": ["int64", [2], [7]]}'
    assert row == {
        "op": "cast",
        "name": "one",
        "arguments": {"input": "x", "dataType": "int8"},
        "constants": ["scale"],
        "expected": {"y": ["float32", [60, 60], [1.0]]},
        "ulp": 1,
    }


@pytest.mark.parametrize(
    ("op", "shapes", "arguments", "data_type", "expected"),
    [
        ("tanh", [(3,)], {}, "float16", {"atol": 2**-9}),
        ("quantizeLinear", [(3,)], {}, "int8", {"atol": 1}),
        ("equal", [(3,)], {}, "uint8", {"atol": 0}),
        ("reduceMean", [(2, 3, 4)], {"axes": [0, 2]}, "float32", {"ulp": 10}),
        ("reduceSum", [(2, 3, 4)], {}, "float32", {"ulp": 24}),
        ("matmul", [(2, 5), (5, 3)], {}, "float32", {"ulp": 10}),
        ("softmax", [(2, 5)], {"axis": 1}, "float32", {"ulp": 18}),
        ("resample2d", [(1, 1, 2, 2)], {"mode": "linear"}, "float32", {"ulp": 84}),
        ("conv2d", [(1, 4, 5, 5), (2, 2, 3, 2)], {"groups": 2}, "float32", {"ulp": 24}),
        ("conv2d", [(1, 5, 5, 4), (3, 2, 4, 2)], {"inputLayout": "nhwc", "filterLayout": "hwio"}, "float32", {"ulp": 48}),
    ],
)
def test_tolerance(op: str, shapes: list[tuple[int, ...]], arguments: dict[str, Any], data_type: str, expected: dict[str, float]) -> None:
    assert tolerance(op, shapes, arguments, DataType(data_type)) == expected

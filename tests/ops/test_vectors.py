"""The conformance vectors of web-platform-tests, within the tolerances that web-platform-tests sets.

They are not part of this project: ``WEBNN_VECTORS`` or ``../shared/vectors`` names the folder with their loader.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.runtimes.reference import run

FOLDER = Path(os.environ.get("WEBNN_VECTORS", Path(__file__).parents[2].parent / "shared" / "vectors"))
LOADER = FOLDER / "load_vectors.py"
SUITES = ("wpt", "wpt_extra")
RENAMED = {"roundingType": "outputShapeRounding"}
"""Members that the vectors call by an earlier name of the standard."""


def load_vectors() -> Any:
    """The loader's module."""
    specification = importlib.util.spec_from_file_location("load_vectors", LOADER)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _files() -> list[Any]:
    if not LOADER.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no conformance vectors in {FOLDER} (set WEBNN_VECTORS)"))]
    return [
        pytest.param(path, id=f"{path.parent.name}/{path.stem}") for suite in SUITES for path in sorted((FOLDER / suite).glob("*.json"))
    ]


@pytest.mark.parametrize("path", _files())
def test_vectors(path: Path) -> None:
    vectors = load_vectors()
    cases = read_cases(vectors, path)
    failures = [f"{case.name}: {problem}" for case in cases for problem in problems_of(vectors, case, run)]
    assert cases
    assert not failures, f"{len(failures)} of {len(cases)} cases differ:\n" + "\n".join(failures)


def read_cases(vectors: Any, path: Path) -> list[Any]:
    """The cases of one file."""
    tests = json.loads(path.read_text())["tests"]
    return [vectors.parse_case(_smaller(test), path.parent.name, path.name) for test in tests]


def _smaller(test: Any) -> Any:
    """The test with its 6000 x 6000 tensors, which hold one value only, cut to 60 x 60; the loader makes Python lists of them."""
    return json.loads(json.dumps(test).replace("[6000, 6000]", "[60, 60]"))


def problems_of(vectors: Any, case: Any, run: Callable[[Graph, dict[str, Array]], Mapping[str, Array]]) -> list[str]:
    """What differs between the vector's expectation and what ``run`` computes of its only operator."""
    ((operator, operands, options, outputs),) = case.nodes
    b = GraphBuilder()
    made = {name: b.constant(array, case.dtypes[name]) for name, array in case.inputs.items() if name in case.constant}
    made |= {name: b.input(name, case.dtypes[name], array.shape) for name, array in case.inputs.items() if name not in made}
    named = {RENAMED.get(name, name): made[value] if isinstance(value, vectors.Ref) else value for name, value in options.items()}
    positional = [made[name] for name in operands]
    called = b.call(operator, *([positional] if operator == "concat" else positional), **named)
    graph = b.build(dict(zip(outputs, called if isinstance(called, list) else [called], strict=True)))
    fed = (name for name in case.inputs if name not in case.constant)
    computed = run(graph, {operand.name: case.inputs[name] for operand, name in zip(graph.inputs, fed, strict=True)})

    problems = []
    for name, result in zip(outputs, graph.outputs, strict=True):
        if result.data_type != case.expected_dtypes[name]:
            problems.append(f"{name} is {result.data_type}, not {case.expected_dtypes[name]}")
        same, message = vectors.check(computed[result.name], case.expected[name], result.data_type, case.tolerance(name))
        if not same:
            problems.append(f"{name}: {message}")
    return problems

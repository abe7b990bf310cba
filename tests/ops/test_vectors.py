"""The conformance vectors of web-platform-tests, within the tolerances that web-platform-tests sets.

They are not part of this project: ``WEBNN_VECTORS`` or ``../shared/vectors`` names the folder with their loader.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from webnn_graph.graph import Descriptor, map_operands
from webnn_graph.data_types import DataType
from webnn_graph.ops import OPS

FOLDER = Path(os.environ.get("WEBNN_VECTORS", Path(__file__).parents[2].parent / "shared" / "vectors"))
LOADER = FOLDER / "load_vectors.py"
SUITES = ("wpt", "wpt_extra")
RENAMED = {"roundingType": "outputShapeRounding"}
"""Members that the vectors call by an earlier name of the standard."""


def _loader() -> Any:
    specification = importlib.util.spec_from_file_location("load_vectors", LOADER)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _files() -> list[Any]:
    if not LOADER.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no conformance vectors in {FOLDER} (set WEBNN_VECTORS)"))]
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for suite in SUITES for path in sorted((FOLDER / suite).glob("*.json"))]


@pytest.mark.parametrize("path", _files())
def test_vectors(path: Path) -> None:
    vectors = _loader()
    cases = [vectors.parse_case(test, path.parent.name, path.name) for test in vectors.json.loads(path.read_text())["tests"]]
    failures = [f"{case.name}: {problem}" for case in cases for problem in _problems(vectors, case)]
    assert cases
    assert not failures, f"{len(failures)} of {len(cases)} cases differ:\n" + "\n".join(failures)


def _problems(vectors: Any, case: Any) -> list[str]:
    (operator, operands, options, outputs), *others = case.nodes
    assert not others, "the vectors have one operator each"
    declared = OPS[operator]

    def descriptor(name: str) -> Descriptor:
        return Descriptor(DataType(case.dtypes[name]), case.inputs[name].shape)

    given = [operands] if operator == "concat" else operands
    named = {RENAMED.get(name, name): value for name, value in options.items()}
    described = {name: descriptor(value) if isinstance(value, vectors.Ref) else value for name, value in named.items()}
    feeds: dict[int, Any] = {}

    def describe(value: Any) -> Any:
        """The descriptor of a named operand, remembered so that its array can take its place."""
        if isinstance(value, list) and value and all(isinstance(item, str) and item in case.inputs for item in value):
            return [describe(item) for item in value]
        if not (isinstance(value, vectors.Ref) or (isinstance(value, str) and value in case.inputs)):
            return value
        made = descriptor(value)
        feeds[id(made)] = (made, case.inputs[value])
        return made

    arguments = declared.bind([describe(value) for value in given], {name: describe(value) for name, value in named.items()})
    results = declared.infer(arguments)

    def feed(value: Any) -> Any:
        if isinstance(value, list):
            return [feed(item) for item in value]
        return feeds[id(value)][1] if isinstance(value, Descriptor) else value

    arrays = declared.execute({name: feed(value) for name, value in arguments.items()}, results)
    problems = []
    for name, result, array in zip(outputs, results, arrays, strict=True):
        if result.data_type != case.expected_dtypes[name]:
            problems.append(f"{name} is {result.data_type}, not {case.expected_dtypes[name]}")
        same, message = vectors.check(array, case.expected[name], result.data_type, case.tolerance(name))
        if not same:
            problems.append(f"{name}: {message}")
    return problems

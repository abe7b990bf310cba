"""ONNX's own backend test suite against the reference runtime.

    python -m tests.onnx.suite --cases DIR [--only REGEX] [--ops Op1,Op2]

DIR is what ``../shared/suite/make_cases.py DIR`` writes. Prints one line per case that fails and the counts per category.
"""

from __future__ import annotations

import argparse
import json
import re
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converters.onnx.convert import convert
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph
from webnn_graph.names import identifier

TOLERANCES = {"float16": (5e-3, 1e-3), "float32": (1e-3, 1e-5)}


@dataclass(frozen=True)
class SuiteCase:
    """One case: a model, its inputs and its expected outputs, with the shape-like inputs frozen (variant B).

    Attributes:
        home: Its folder, which its category and name end.
        record: What the generator says of it.
    """

    home: Path
    record: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.category}/{self.name}"

    @property
    def name(self) -> str:
        return str(self.record["name"])

    @property
    def category(self) -> str:
        return str(self.record["category"])

    @property
    def ops(self) -> list[str]:
        return list(self.record["ops"])

    @property
    def representable(self) -> bool:
        """Whether all inputs and outputs are dense, not empty, of WebNN's data types, and of static shapes."""
        return bool(self.record["representable"])

    @property
    def model(self) -> Path:
        return self.home / str(self.record["variants"]["B"]["model"])

    @property
    def inputs(self) -> dict[str, Array]:
        return self._tensors("inputs")

    @property
    def outputs(self) -> dict[str, Array]:
        return self._tensors("outputs")

    def _tensors(self, kind: str) -> dict[str, Array]:
        items = self.record["variants"]["B"][kind]
        return {item["name"]: np.fromfile(self.home / item["file"], item["dtype"]).reshape(item["shape"]) for item in items}


def cases(folder: Path) -> list[SuiteCase]:
    """All cases below a folder that the suite's generator filled."""
    records = json.loads((folder / "index.json").read_text())
    return [SuiteCase(folder / record["category"] / record["name"], record) for record in records]


def failure(case: SuiteCase) -> str:
    """Why the case does not pass; empty when it does."""
    from webnn_graph import run

    inputs = case.inputs
    try:
        shapes = {name: array.shape for name, array in inputs.items()}
        graph = convert(case.model, shapes={k: v for k, v in shapes.items() if all(v)})
    except WebNNError as error:
        return f"refused: {' '.join(str(error).split())}"
    got = run(graph, {operand.name: inputs[name] for operand, name in zip(graph.inputs, _in_order(inputs, graph), strict=True)})
    for operand, (name, expected) in zip(graph.outputs, case.outputs.items(), strict=True):
        actual = got[operand.name]
        if actual.shape != expected.shape:
            return f"output {name} has shape {actual.shape}, expected {expected.shape}"
        if operand.data_type != expected.dtype.name:
            return f"output {name} is {operand.data_type}, expected {expected.dtype.name}"
        if expected.dtype.kind == "f":
            rtol, atol = TOLERANCES[expected.dtype.name]
            close = np.isclose(actual.astype(np.float64), expected.astype(np.float64), rtol=rtol, atol=atol, equal_nan=True)
        else:
            close = actual == expected
        if not close.all():
            at = tuple(int(i) for i in np.argwhere(~close)[0])
            return f"output {name}: {(~close).sum()} of {close.size} differ, at {at} {actual[at]} instead of {expected[at]}"
    return ""


def _in_order(inputs: Mapping[str, Array], graph: Graph) -> list[str]:
    by_identifier = {identifier(name): name for name in inputs}
    return [operand.name if operand.name in inputs else by_identifier[operand.name] for operand in graph.inputs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--ops", default="")
    parser.add_argument("--debug", action="store_true")
    options = parser.parse_args()
    wanted = set(filter(None, options.ops.split(",")))
    total: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for case in cases(options.cases):
        if not case.representable or not re.search(options.only, case.name) or (wanted and not wanted.intersection(case.ops)):
            continue
        total[case.category] += 1
        try:
            why = failure(case)
        except Exception as error:
            why = f"CRASH {type(error).__name__}: {error}"
            if options.debug:
                traceback.print_exc()
        passed[case.category] += not why
        if why:
            print(f"{case.id} [{','.join(sorted(set(case.ops)))}]: {why[:300]}")
    for category, count in total.items():
        print(f"{category}: {passed[category]} of {count} representable cases pass")


if __name__ == "__main__":
    main()

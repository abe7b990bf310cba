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
import onnx
import onnxruntime

from converters.onnx.convert import convert
from converters.onnx.source import OnnxSource
from webnn_graph import run
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


def failure(case: SuiteCase, right: Mapping[str, Array] | None = None) -> str:
    """Why the case does not pass; empty when it does. What is ``right`` are the case's own outputs by default."""
    inputs = case.inputs
    try:
        shapes = {name: array.shape for name, array in inputs.items()}
        graph = convert(case.model, shapes={k: v for k, v in shapes.items() if all(v)})
    except WebNNError as error:
        return f"refused: {' '.join(str(error).split())}"
    got = run(graph, {operand.name: inputs[name] for operand, name in zip(graph.inputs, _in_order(inputs, graph), strict=True)})
    for operand, (name, expected) in zip(graph.outputs, (right or case.outputs).items(), strict=True):
        actual = got[operand.name]
        differs = operand.data_type.is_float and actual.shape == expected.shape and not near(actual, expected).all()
        if differs and decided_by_rounding(case.model, inputs, name):
            continue
        if actual.shape != expected.shape:
            return f"output {name} has shape {actual.shape}, expected {expected.shape}"
        if operand.data_type != expected.dtype.name:
            return f"output {name} is {operand.data_type}, expected {expected.dtype.name}"
        close = near(actual, expected)
        if not close.all():
            at = tuple(int(i) for i in np.argwhere(~close)[0])
            return f"output {name}: {(~close).sum()} of {close.size} differ, at {at} {actual[at]} instead of {expected[at]}"
    return ""


def near(actual: Array, expected: Array) -> Array:
    """Where two tensors of one shape are alike."""
    if expected.dtype.kind != "f":
        return np.asarray(actual == expected)
    rtol, atol = TOLERANCES[expected.dtype.name]
    return np.isclose(actual.astype(np.float64), expected.astype(np.float64), rtol=rtol, atol=atol, equal_nan=True)


def decided_by_rounding(model: Path, inputs: Mapping[str, Array], name: str) -> bool:
    """Whether a tensor that differs is made by a node that rounding decides, of tensors that are right themselves.

    ONNX Runtime is compared with itself: on a node's inputs, and on the same moved by a few units in the last place, as another
    order of summation moves them. Where its results differ by more than the tolerance, the tensors before the node are compared.
    """
    source = OnnxSource(model)
    node = next((node for node in source.model.graph.node if name in node.output), None)
    known = {tensor.name for tensor in source.model.graph.initializer} | set(inputs) | {""}
    before = [i for i in dict.fromkeys(node.input) if i not in known] if node else []
    if not before:
        return False
    right = source.run(inputs, before)
    graph = convert(model, outputs=before, shapes={key: array.shape for key, array in inputs.items() if all(array.shape)})
    made = run(graph, {operand.name: inputs[i] for operand, i in zip(graph.inputs, _in_order(inputs, graph), strict=True)})
    wrong = [i for i, array in zip(before, made.values(), strict=True) if not near(array, right[i]).all()]
    if wrong:
        return all(decided_by_rounding(model, inputs, i) for i in wrong)
    given = {i: inputs[i] for i in node.input if i in inputs}
    session = _session(source.model, node, name, {**right, **given})
    first, second = (session.run([name], {**moved, **given})[0] for moved in (right, {i: _moved(a) for i, a in right.items()}))
    return not near(second, first).all()


def _session(model: onnx.ModelProto, node: onnx.NodeProto, name: str, values: Mapping[str, Array]) -> onnxruntime.InferenceSession:
    """One node of the model, for inputs like these values."""
    helper = onnx.helper
    inputs = [helper.make_tensor_value_info(i, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for i, a in values.items()]
    weights = [tensor for tensor in model.graph.initializer if tensor.name in node.input]
    graph = helper.make_graph([node], "node", inputs, [onnx.ValueInfoProto(name=name)], weights)
    alone = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return onnxruntime.InferenceSession(alone.SerializeToString(), providers=["CPUExecutionProvider"])


def _moved(array: Array) -> Array:
    """Floats moved by up to two units in the last place."""
    if array.dtype.kind != "f":
        return array
    steps = np.random.default_rng(0).integers(-2, 3, array.shape)
    return np.asarray(array + steps * np.spacing(array), array.dtype)


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

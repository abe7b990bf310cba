"""Every operator's rows in ONNX Runtime Web, whose kernels for WebAssembly are not all those of a desktop."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.javascript.written import NODE
from tests.ops.case import Case
from tests.ops.test_cases import GIVING, graph_of
from webnn_graph.data_types import Array, DataType, pack
from webnn_graph.formats.table import OPSETS
from webnn_graph.graph import Graph
from webnn_graph.onnx.model import model_of

RUNNER = Path(__file__).with_name("web.mjs")
LIBRARY = ORT / "dist" / "ort.node.min.mjs"
"""The form for Node.js; its kernels are those of ``ort.wasm.min.mjs``."""
DIFFERENT = {"reduceSum(float32[1000])": "it adds one number after the other"}
"""Rows that it computes otherwise, and why."""


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
@pytest.mark.skipif(not LIBRARY.is_file(), reason="onnxruntime-web is not installed (make test installs it)")
def test_rows() -> None:
    tried = list(rows())
    asked = "".join(f"{json.dumps(question(case, graph))}\n" for case, graph in tried)
    ran = subprocess.run([str(NODE), RUNNER, LIBRARY], input=asked, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    answers = map(json.loads, ran.stdout.splitlines())
    wrong = {}
    for (case, graph), answer in zip(tried, answers, strict=True):
        try:
            assert "error" not in answer, answer["error"]
            results = zip(answer["values"], graph.outputs, strict=True)
            case.compare([array(stored, output.data_type, output.shape) for stored, output in results])
        except AssertionError as error:
            wrong[str(case)] = str(error)
    assert wrong.keys() == DIFFERENT.keys(), wrong


def rows() -> Iterator[tuple[Case, Graph]]:
    """Those that agree on a desktop and give no 4-bit integers, as modules with a fallback give none; their graphs."""
    for case in GIVING:
        if not case.onnx and all(result.data_type.bits != 4 for result in case.gives):
            for constants in (False, True):
                yield case, graph_of(case, constants=constants)


def question(case: Case, graph: Graph) -> dict[str, object]:
    """What the runner is asked."""
    values = case.feeds()
    fed = [[one.name, str(one.data_type), one.shape, text(values[one.name], one.data_type)] for one in graph.inputs]
    model = base64.b64encode(model_of(graph, opset=OPSETS[0]).SerializeToString()).decode()
    return {"model": model, "feeds": fed, "results": [output.name for output in graph.outputs]}


def text(values: Array, data_type: DataType) -> str:
    """The values as they are stored."""
    stored = pack(values, data_type) if data_type.bits == 4 else values
    return base64.b64encode(stored.tobytes()).decode()


def array(text: str, data_type: DataType, shape: tuple[int, ...]) -> Array:
    """What was computed."""
    return np.frombuffer(base64.b64decode(text), data_type.numpy).reshape(shape)

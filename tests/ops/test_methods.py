"""The typed methods of `GraphBuilder`: written from the operator table, and known to editors and type checkers."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops import methods
from webnn_graph.builder import GraphBuilder
from webnn_graph.ops import OPS

WRONG = {
    "b.conv3d(x, x)": "has no attribute",
    "b.add(x)": "Missing positional argument",
    "b.exp(x, x)": "Too many positional arguments",
    'b.softmax(x, "last")': "incompatible type",
    'b.conv2d(x, x, inputLayout="chw")': "incompatible type",
    "b.conv2d(x, x, stride=[1, 1])": "Unexpected keyword argument",
    "b.split(x, 2).shape": "has no attribute",
    'b.cast(x, "bfloat16")': "incompatible type",
    "b.concat(x, 0)": "incompatible type",
    "b.reduceSum(x, axes=0)": "incompatible type",
    "b.conv2d(x, x, stridez=3)": "Unexpected keyword argument",
    "b.relu()": "Missing positional argument",
    'b.relu("x")': "incompatible type",
    "b.gemm(x, x, alpha=None)": "incompatible type",
    "b.where(x, x)": "Missing positional argument",
    "b.add([x], x)": "incompatible type",
}
"""Calls that a type checker must refuse, and what it says."""
RIGHT = """
y = b.conv2d(x, x, padding=[0, 0, 1, 1], bias=None, inputLayout="nhwc", label="here")
first, second = b.split(b.add(1, y), 2, axis=1)
b.clamp(x, minValue=0)
b.gemm(x, np.ones((4, 2), np.float32), c=1, bTranspose=True)
b.softmax(axis=1, input=x)
b.reshape(x, y.shape)
b.where(x, 1, np.float32(2))
b.layerNormalization(x, axes=(1, 2), epsilon=1e-6)
last, *_ = b.lstm(x, x, x, 4, hiddenSize=8, activations=["sigmoid", "tanh", "tanh"])
b.build({"y": b.cast(b.concat([first, second], 0), "float16")})
"""


def test_the_file_is_what_the_table_says() -> None:
    assert methods.FILE.read_text("utf-8") == methods.text(), "python -m tests.ops.methods writes it anew"


@pytest.mark.parametrize("op", OPS)
def test_an_operator_says_what_it_computes_and_where_the_standard_does(op: str) -> None:
    doc = inspect.getdoc(getattr(GraphBuilder, op)) or ""
    assert op in dir(GraphBuilder())
    assert re.match(r"\S[^\n]*\S", doc)
    assert doc.endswith(f"<https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-{op.lower()}>")
    for parameter in OPS[op].parameters:
        assert re.search(rf"^ +{parameter}: [A-Z'].+\.$", doc, re.M), parameter
    assert list(inspect.signature(getattr(GraphBuilder, op)).parameters) == ["self", *OPS[op].parameters, "label"]


def test_a_type_checker_knows_the_calls(tmp_path: Path) -> None:
    """Each wrong one is refused, and none that is right."""
    imports = "import numpy as np\n\nfrom webnn_graph.builder import GraphBuilder\n\n"
    head = imports + 'b = GraphBuilder()\nx = b.input("x", "float32", [1, 4, 4, 4])\n'
    lines = (head + RIGHT + "\n".join(WRONG)).splitlines()
    file = tmp_path / "calls.py"
    file.write_text("\n".join(lines))
    config = Path(methods.FILE).parents[2] / "pyproject.toml"
    checker = [sys.executable, "-m", "mypy", "--config-file", str(config), "--cache-dir", str(config.parent / ".mypy_cache"), str(file)]
    said = subprocess.run(checker, capture_output=True, text=True, cwd=config.parent).stdout
    found = re.findall(r"calls\.py:(\d+): error: (.*)", said)
    expected = {str(lines.index(call) + 1): words for call, words in WRONG.items()}
    assert {line for line, _ in found} == expected.keys(), said
    for number, words in expected.items():
        assert any(words in text for line, text in found if line == number), said

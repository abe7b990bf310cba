"""Modules that tests write, and what Node says of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.formats import javascript, save, weights
from webnn_graph.graph import Graph

NODE = shutil.which("node")
TSC = os.environ.get("WEBNN_TSC") or shutil.which("tsc")
HOSTILE = ["*/ alert(1) /*", "</script><script>alert(1)</script>", "\u2028\u2029alert(1)", "\"'`${alert(1)}\\", "a\nalert(1)\r//", "\ud800"]
MOCK = Path(__file__).with_name("mock.mjs")
COMPUTING = """
    const context = mock.context();
    const model = await module.Model.create(context, new Map());
"""
"""The beginning of a script: a model on a context that counts."""

needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
needs_tsc = pytest.mark.skipif(TSC is None or not Path(TSC).exists(), reason="no TypeScript compiler (set WEBNN_TSC)")


def write(graph: Graph, folder: Path, stem: str = "model", *, labels: bool = False, files: Sequence[str] = ()) -> Path:
    """Writes the module, for weights in these files, its declarations and its weights in one; the module's path."""
    (folder / "package.json").write_text('{"type": "module"}')
    for name, text in javascript.files(graph, stem, labels=labels, weights=files).items():
        (folder / name).write_text(text, encoding="utf-8")
    with (folder / f"{stem}.safetensors").open("wb") as file:
        file.writelines(weights.contents(weights.stored(graph)))
    return folder / f"{stem}.js"


def node(module: Path, script: str) -> Any:
    """What ``script`` prints as JSON; ``module`` and ``mock`` are the imported modules."""
    head = f"import * as module from {json.dumps(module.as_uri())}; import * as mock from {json.dumps(MOCK.as_uri())};"
    command = [str(NODE), "--input-type=module", "--eval", head + script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def message(module: Path, script: str) -> str:
    """The message of the error that ``script`` ends with; empty when it ends without."""
    said = node(module, f"try {{ {script}; console.log('\"\"'); }} catch (error) {{ console.log(JSON.stringify(String(error))); }}")
    return str(said)


def linear_model() -> Graph:
    """y = x w + b, and an input that nothing reads."""
    b = GraphBuilder("linear")
    x = b.input("x", "float32", [2, 3])
    b.input("unused", "int64", [2])
    w = b.constant(np.arange(60, dtype=np.float32).reshape(3, 20), name="w")
    product = b.matmul(x, w)
    return b.build({"y": b.add(product, b.constant(np.ones(20, np.float16).astype(np.float32), name="bias"))})


def doubling() -> Graph:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    b.input("unused", "float32", [1])
    return b.build({"y": b.relu(x)})


def retrained(value: float) -> Graph:
    """`linear_model` with other values in it."""
    b = GraphBuilder("linear")
    w = b.constant(np.full((3, 20), value, np.float32), name="w")
    return b.build({"y": b.add(b.matmul(b.input("x", "float32", [2, 3]), w), b.constant(np.ones(20, np.float32), name="bias"))})


def saved(folder: Path, value: float = 1) -> Path:
    """The path of a module, saved as users get it."""
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    save(retrained(value), folder / "model.js")
    return folder / "model.js"

"""The page of errors: every code, with an example of it that really happens."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from unittest import mock

import numpy as np
import onnx
import pytest
import torch

from converters.commands import console
from tests.generation import toys
from tests.generation.toys import Toy
from tests.onnx.test_budget import HEAD, LAUGHS
from tests.site.folder import classifier, fill
from tests.site.running import run_command
from webnn_graph import GraphBuilder, load, run, save
from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError
from webnn_graph.formats import locks, save_together
from webnn_graph.generation import Generator
from webnn_graph.runtimes import find_runtime, reference
from webnn_graph.signals import Signals

INTRODUCTION = """# Errors

Each error that you can cause has a code. Commands show it at the end of the error's first line, behind what is wrong; a line with
`hint:` says what to do. In Python it is `error.code`, a string that stays the same when the wording changes:

```python
from converters.onnx import convert
from webnn_graph import WebNNError

try:
    graph = convert("classifier.onnx")
except WebNNError as error:
    print(error.code, error.message, error.hint, error.where.file)
```

All are subclasses of `webnn_graph.WebNNError`. A command that fails has written nothing, and ends with exit status 1; 2 is for
wrong usage, 3 for a verification that found a difference. Whatever else is raised is a defect; please report it.

This page is written by `python -m tests.site` from `webnn_graph/codes.py`; a test causes each of its errors.
"""

LINEAR = """webnn_graph "linear" v1 {
  inputs { x: f32[2, 4]; }
  consts { w: f32[4, 8] @weights("w"); }
  nodes { y = matmul(x, w); }
  outputs { y; }
}
"""


# ---------------------------------------------------------------------------------------------- what no command causes quickly
def _busy() -> None:
    with mock.patch.object(locks, "WAIT_SECONDS", 0), locks.locked(Path()):
        save(load("linear.webnn"), "again.webnn")


def _out_of_memory() -> None:
    with mock.patch.object(reference, "evaluate", side_effect=MemoryError):
        run(load("linear.webnn"), {"x": np.ones((2, 4), np.float32)})


def _full() -> None:
    with Generator(Toy().graphs(), toys.SETTINGS) as model:
        list(model.generate([1, 2, 3], max_tokens=20))


def _interrupt() -> None:
    with mock.patch.object(Signals, "__exit__", return_value=False), Signals() as signals:
        signals._arrived = signal.SIGTERM
        signals.check()


def _apart() -> None:
    graph = load("linear.webnn")
    save_together({"a/linear.webnn": graph, "b/linear.webnn": graph}, weights="model.safetensors")


# --------------------------------------------------------------------------------------------------------------- the examples
RESHAPE = "reshaped (float[4] x, int64[2] shape) => (float[a, b] y) { y = Reshape(x, shape) }"

Example: TypeAlias = str | Callable[[], object]

EXAMPLES: dict[Code, Example] = {
    Code.MISSING_DIMENSION: "onnx2webnn classifier.onnx",
    Code.UNKNOWN_DIMENSION: "onnx2webnn classifier.onnx --dim bacth=1",
    Code.WRONG_SHAPE: "onnx2webnn classifier.onnx --shape image=1,1,32,32",
    Code.UNSUPPORTED_OPERATOR: "onnx2webnn detector.onnx",
    Code.CANNOT_CONVERT: "onnx2webnn classifier.onnx --dim batch=0",
    Code.DEPENDS_ON_DATA: "onnx2webnn reshaped.onnx",
    Code.UNKNOWN_TENSOR: "onnx2webnn classifier.onnx --dim batch=1 --output feature",
    Code.BEYOND_TARGET: "webnn2js cube.webnn --target chromium",
    Code.UNKNOWN_TARGET: "webnn check linear.webnn --target chrome",
    Code.BUDGET_EXCEEDED: "onnx2webnn doubling.onnx --budget 0.01",
    Code.INVALID_GRAPH: "webnn validate invalid.webnn",
    Code.NO_SUCH_FILE: "onnx2webnn clasifier.onnx",
    Code.FILE_EXISTS: "webnn2json linear.webnn",
    Code.WOULD_OVERWRITE_SOURCE: "webnn run linear.webnn -o linear.safetensors --force",
    Code.CANNOT_WRITE: "webnn2json linear.webnn -o classifier.onnx",
    Code.FOLDER_BUSY: _busy,
    Code.UNKNOWN_FORMAT: lambda: save(load("linear.webnn"), "linear.txt"),
    Code.WRONG_KIND: "onnx2webnn pointer.onnx",
    Code.DAMAGED_FILE: "onnx2webnn truncated.onnx",
    Code.SYNTAX_ERROR: "webnn validate typing.webnn",
    Code.MISSING_WEIGHTS: "webnn validate alone.webnn",
    Code.WEIGHTS_DO_NOT_MATCH: "webnn validate mixed.webnn",
    Code.NOT_TRUSTED: "torch2webnn pickled.pt",
    Code.MISSING_MODULE: "torch2webnn checkpoint.pt",
    Code.MISSING_EXAMPLE_INPUTS: "torch2webnn checkpoint.pt --model torch.nn:Linear --model-args [4,8]",
    Code.UNKNOWN_INPUT: "webnn run linear.webnn --input image=1",
    Code.MISSING_INPUT: lambda: run(load("linear.webnn"), {}),
    Code.WRONG_INPUT: "webnn run linear.webnn --input x=[1,2,3]",
    Code.UNKNOWN_RUNTIME: lambda: find_runtime("gpu"),
    Code.RUNTIME_UNAVAILABLE: "webnn run linear.webnn --runtime browser --browser nowhere",
    Code.CACHE_FULL: _full,
    Code.EXECUTION_FAILED: _out_of_memory,
    Code.INTERRUPTED: _interrupt,
    Code.REFUSED: _apart,
}
"""What causes each error, in the folder that `prepare` makes: a command, or a call."""


def prepare(folder: Path) -> None:
    """Puts into a folder what the examples need."""
    fill(folder)
    onnx.save(onnx.parser.parse_model(HEAD + RESHAPE), folder / "reshaped.onnx")
    onnx.save(onnx.parser.parse_model(HEAD + LAUGHS), folder / "doubling.onnx")
    (folder / "truncated.onnx").write_bytes(classifier().SerializeToString()[:500])
    (folder / "pointer.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    for name, scale in (("linear", 1), ("mixed", 2), ("other", 3)):
        b = GraphBuilder(name)
        w = b.constant(np.arange(32, dtype=np.float32).reshape(4, 8) * scale, name="w")
        save(b.build({"y": b.matmul(b.input("x", "float32", [2, 4]), w)}), folder / f"{name}.webnn")
    (folder / "linear.json").write_text("{}")
    (folder / "other.safetensors").replace(folder / "mixed.safetensors")
    (folder / "alone.webnn").write_text(LINEAR)
    (folder / "typing.webnn").write_text(LINEAR.replace("matmul(x, w);", "matmul(x; w);"))
    (folder / "invalid.webnn").write_text(LINEAR.replace('f32[4, 8] @weights("w")', "f32[8, 4] @scalar(1)"))
    b = GraphBuilder("cube")
    save(b.build({"y": b.relu(b.input("x", "float32", [1] * 9))}), folder / "cube.webnn")
    layer = torch.nn.Linear(4, 8)
    torch.save(layer, folder / "pickled.pt")
    torch.save(layer.state_dict(), folder / "checkpoint.pt")


def provoke(example: Example) -> tuple[str, str]:
    """The code of the error that an example causes, and what is shown of it."""
    if not isinstance(example, str):
        with pytest.raises(WebNNError) as caught:
            example()
        return caught.value.code, f"{caught.value}\n"
    with mock.patch.object(console, "report_error", wraps=console.report_error) as reported:
        shown = run_command(example)
    (error,) = reported.call_args.args
    return error.code, shown


def page(folder: Path) -> str:
    """The page's text; the folder is an empty one."""
    prepare(folder)
    with contextlib.chdir(folder):
        return INTRODUCTION + "".join(f"\n{_section(code)}" for code in Code)


def _section(code: Code) -> str:
    example = EXAMPLES[code]
    _, shown = provoke(example)
    command = f"$ {example}\n" if isinstance(example, str) else ""
    return f"## {code}\n\n{code.about} {code.remedy}\n\n```text\n{command}{shown}```\n"

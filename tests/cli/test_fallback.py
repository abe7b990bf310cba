"""Modules with a fallback, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from webnn_graph import load, run

Invoke = Callable[..., Result]
FILES = ["linear.js", "linear.d.ts", "linear.fallback.js", "linear.fallback.onnx", "linear.safetensors"]


def names(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [Path(file["path"]).name for graph in json.loads(result.stdout)["graphs"] for file in graph["files"]]


def test_a_conversion(model: Path, invoke: Invoke) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    options = ("--dim", "batch=2", "--format", "webnn,js,onnx", "-o", "out")
    assert names(invoke("onnx2webnn", model, *options, "--fallback", "ort-web", "--json")) == [
        "linear.webnn",
        *FILES[:-1],
        "linear.onnx",
        FILES[-1],
    ]
    graph = load("out/linear.webnn")
    x = np.random.default_rng(0).standard_normal(graph.inputs[0].shape).astype(np.float32)
    (y,) = onnxruntime.InferenceSession("out/linear.fallback.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": x})
    np.testing.assert_allclose(y, run(graph, {"x": x})["y"], rtol=1e-5)


def test_a_model_in_its_own_folder(model: Path, invoke: Invoke) -> None:
    """The fallback's model has another name than the source."""
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "--format", "js", "--fallback", "ort-web", "-o", model.parent)
    assert result.exit_code == 0, result.output
    assert "linear.fallback.onnx" in result.stdout


def test_a_module_of_a_graph(model: Path, invoke: Invoke) -> None:
    assert invoke("onnx2webnn", model, "--dim", "batch=2", "-o", "out").exit_code == 0
    library = "ort-web=https://cdn.example/ort.webgpu.min.mjs"
    assert names(invoke("webnn2js", "out/linear.webnn", "-o", "out", "--fallback", library, "--json")) == FILES[:-1]
    assert 'import(/* webpackIgnore: true */ "https://cdn.example/ort.webgpu.min.mjs")' in Path("out/linear.fallback.js").read_text()
    again = invoke("webnn2js", "out/linear.webnn", "-o", "out", "--fallback", "ort-web")
    assert again.exit_code == 1
    assert all(name in again.output for name in FILES[:-1])


def test_several_sizes(model: Path, invoke: Invoke) -> None:
    found = names(invoke("onnx2webnn", model, "--dim", "batch=2,5", "--format", "js", "-o", "out", "--fallback", "ort-web", "--json"))
    of_sizes = [f"linear_{size}.{suffix}" for size in (2, 5) for suffix in ("js", "d.ts", "fallback.js", "fallback.onnx")]
    assert sorted(found) == sorted([*of_sizes, "linear.js", "linear.d.ts", "linear.fallback.js", "model.safetensors"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--format", "js", "--fallback", "ort"), "'ort' is no fallback of modules; it is ort-web, ort-web=MODULE"),
        (("--format", "js", "--fallback", "ort-web="), "'ort-web=' is no fallback of modules"),
        (("--fallback", "ort-web", "--format", "webnn,onnx"), "--fallback is for --format js or page or npm"),
    ],
)
def test_what_is_no_fallback(options: tuple[str, ...], expected: str, model: Path, invoke: Invoke) -> None:
    result = invoke("onnx2webnn", model, "-o", "out", *options)
    assert result.exit_code == 2
    assert expected in " ".join(result.output.replace("│", " ").split())
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["onnx2webnn", "torch2webnn", "webnn2js"])
def test_whatever_writes_modules_writes_fallbacks(command: str, invoke: Invoke) -> None:
    assert "--fallback ort-web[=MODULE]" in invoke(command, "--help").output


def test_a_source_beside_is_no_reader_of_the_weights(model: Path, invoke: Invoke) -> None:
    for _ in range(2):
        result = invoke("onnx2webnn", model, "--dim", "batch=2", "--format", "js", "--fallback", "ort-web", "-o", model.parent, "--force")
        assert result.exit_code == 0, result.output
        assert "which is replaced" not in result.output

"""What the commands do when all is well, and when the numbers differ."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import cli
from converters.onnx import execution
from converters.onnx.source import OnnxSource
from webnn_graph import load
from webnn_graph.ops import OPS

Invoke = Callable[..., Result]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_onnx2webnn_writes_every_form_and_the_weights_once(model: Path, invoke: Invoke) -> None:
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "--format", "webnn,json", "--format", "js", "-o", "out/deep")
    assert result.exit_code == 0, result.output
    assert names(Path("out/deep")) == {"linear.webnn", "linear.json", "linear.js", "linear.d.ts", "linear.safetensors"}
    for name in names(Path("out/deep")):
        assert name in result.stdout
    assert load("out/deep/linear.webnn").inputs[0].shape == (2, 4)


def test_name_and_shape(model: Path, invoke: Invoke) -> None:
    result = invoke("onnx2webnn", model, "--shape", "x=3,4", "--name", "other")
    assert result.exit_code == 0, result.output
    assert "other.webnn" in names(Path())
    graph = load("other.webnn")
    assert (graph.name, graph.inputs[0].shape) == ("other", (3, 4))


def test_bind_turns_an_input_into_a_constant(model: Path, invoke: Invoke) -> None:
    np.save("value.npy", np.ones((1, 4), np.float32))
    for value in ("[[1, 1, 1, 1]]", "[[true, true, true, true]]", "value.npy"):
        result = invoke("onnx2webnn", model, "--bind", f"x={value}", "--force", "--verify")
        assert result.exit_code == 0, result.output
        assert load("linear.webnn").inputs == ()


def test_cut_at_tensors(model: Path, invoke: Invoke) -> None:
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "--output", "/fc/product", "--verify")
    assert result.exit_code == 0, result.output
    assert [output.name for output in load("linear.webnn").outputs] == ["fc_product"]


@pytest.mark.parametrize(("format", "reader"), [("js", "linear.webnn"), ("webnn", "linear.js")])
def test_what_reads_weights_that_are_replaced_is_named_before(format: str, reader: str, model: Path, invoke: Invoke) -> None:
    invoke("onnx2webnn", model, "--dim", "batch=2", "--format", "js,webnn")
    Path(f"linear.{format}").unlink()
    said = invoke("onnx2webnn", model, "--dim", "batch=2", "--format", format, "--force").stderr
    assert f"note: {reader} reads linear.safetensors, which is replaced; unless its weights stay the same, convert it anew" in said
    together = invoke("onnx2webnn", model, "--dim", "batch=2", "--format", "js,webnn", "--force")
    assert "is replaced" not in together.stderr


def test_labels_are_in_text_but_not_in_javascript_unless_asked_for(model: Path, invoke: Invoke) -> None:
    arguments = ("onnx2webnn", model, "--dim", "batch=2", "--format", "webnn,js", "--force")
    for options, in_text, in_module in (((), True, False), (("--node-names",), True, True), (("--no-node-names",), False, False)):
        assert invoke(*arguments, *options).exit_code == 0
        assert ("/act/Relu" in Path("linear.webnn").read_text()) == in_text, options
        assert ("/act/Relu" in Path("linear.js").read_text()) == in_module, options


def test_simplify_goes_on_when_onnxsim_fails(model: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "--simplify", "--verify")
    assert result.exit_code == 0, result.output
    for worker, why in ((failing, "failed (RuntimeError: no such graph)"), (crashing, "crashed (SIGSEGV)")):
        monkeypatch.setattr("converters.onnx.reading.onnxsim.run_onnxsim", worker)
        result = invoke("onnx2webnn", model, "--dim", "batch=2", "--simplify", "--force")
        assert result.exit_code == 0, result.output
        assert f"onnxsim cannot simplify linear.onnx ({why}); going on without" in result.stderr


def failing(data: bytes, **_: object) -> bytes:
    raise RuntimeError("no such graph")


def crashing(data: bytes, **_: object) -> bytes:
    signal.raise_signal(signal.SIGSEGV)
    return b""


def test_quiet_says_nothing(model: Path, invoke: Invoke) -> None:
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "--verify", "-q")
    assert (result.exit_code, result.output) == (0, "")


def test_text_json_text_is_identical(graph: Path, invoke: Invoke) -> None:
    result = invoke("webnn2json", graph, "-o", graph.parent)
    assert result.exit_code == 0, result.output
    assert json.loads(graph.with_suffix(".json").read_text())["format"]
    result = invoke("json2webnn", graph.with_suffix(".json"))
    assert result.exit_code == 0, result.output
    for name in ("linear.webnn", "linear.safetensors"):
        assert Path(name).read_bytes() == (graph.parent / name).read_bytes()


def test_webnn2js(graph: Path, invoke: Invoke) -> None:
    result = invoke("webnn2js", graph)
    assert result.exit_code == 0, result.output
    assert names(Path()) == {"linear.js", "linear.d.ts", "linear.safetensors"}


DYNAMIC = 'webnn_graph "d" v2 { inputs { x: f32[dyn("n", 8), 2]; } nodes { y = relu(x); } outputs { y; } }'


@pytest.mark.parametrize(
    "command",
    [("webnn2js",), ("webnn2json",), ("webnn", "inspect"), ("webnn", "validate"), ("webnn", "check"), ("webnn", "run")],
    ids=" ".join,
)
def test_dynamic_dimensions_get_a_size(command: Sequence[str], invoke: Invoke) -> None:
    Path("d.webnn").write_text(DYNAMIC)
    name, *more = command
    result = invoke(name, *more, "d.webnn")
    assert result.exit_code == 1
    assert "hint: give it a size: --dim n=8" in result.output
    result = invoke(name, *more, "d.webnn", "--dim", "n=3")
    assert result.exit_code == 0, result.output
    if command == ("webnn2json",):
        assert load("d.json").inputs[0].shape == (3, 2)


@pytest.mark.parametrize(
    ("first", "second", "noted"), [("model", "b", True), ("b", "model", True), ("a", "b", False), ("model", "model", False)]
)
def test_weights_that_some_versions_of_rustnn_mix_up_are_noted(model: Path, invoke: Invoke, first: str, second: str, noted: bool) -> None:
    options = ("onnx2webnn", model, "--dim", "batch=2", "--force")
    assert "rustnn" not in invoke(*options, "--name", first).output
    assert "rustnn" not in invoke(*options, "--name", second).output
    result = invoke(*options, "--name", second, "--target", "rustnn")
    assert result.exit_code == 0, result.output
    assert ("some versions of rustnn read model.safetensors in the place of b.safetensors" in " ".join(result.output.split())) == noted


@pytest.mark.parametrize("installed", [True, False], ids=["onnxruntime", "onnx.reference"])
def test_verify_right_graph(model: Path, graph: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    if installed:
        pytest.importorskip("onnxruntime", reason="the verify extra is not installed")
    else:
        monkeypatch.setattr(execution, "default_runner", lambda: execution.EVALUATOR)
    result = invoke("webnn", "verify", graph, "--against", model)
    assert result.exit_code == 0, result.output
    assert ("ONNX Runtime" if installed else "reference evaluator") in result.stdout


def test_verify_names_the_first_node_that_differs(model: Path, graph: Path, invoke: Invoke) -> None:
    text = graph.read_text()
    wrong = text.replace("c=bias", "c=bias, beta=0.5")
    assert wrong != text
    graph.write_text(wrong)
    result = invoke("webnn", "verify", graph, "--against", model)
    assert result.exit_code == 3
    assert "DIFFERS" in result.stdout
    assert "first difference: gemm /fc/Add (fc_sum" in result.stderr


def test_failed_verification_of_a_conversion_exits_with_3(model: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    run = OnnxSource.run
    monkeypatch.setattr(OnnxSource, "run", lambda *arguments: {name: array + 1 for name, array in run(*arguments).items()})
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "--verify")
    assert result.exit_code == 3
    assert Path("linear.webnn").exists()


def test_verify_with_given_inputs(model: Path, graph: Path, invoke: Invoke) -> None:
    np.savez("inputs.npz", x=np.full((2, 4), np.nan, np.float32))
    result = invoke("webnn", "verify", graph, "--against", model, "--inputs", "inputs.npz", "--tolerance", "0")
    assert result.exit_code == 0, result.output


def test_run_saves_what_onnx_computes(model: Path, graph: Path, invoke: Invoke) -> None:
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    np.save("x.npy", x)
    result = invoke("webnn", "run", graph, "--input", "x=x.npy", "-o", "outputs.npz")
    assert result.exit_code == 0, result.output
    expected = OnnxSource(model).run({"x": x}, ["y"])["y"]
    with np.load("outputs.npz") as outputs:
        np.testing.assert_allclose(outputs["y"], expected, rtol=1e-6)
    repeated = invoke("webnn", "run", graph, "-o", "outputs.npz")
    assert repeated.exit_code == 1
    assert "already exists" in repeated.stderr


def test_run_is_seeded(graph: Path, invoke: Invoke) -> None:
    first, second, other = (invoke("webnn", "run", graph, "--seed", seed).stdout for seed in (1, 1, 2))
    assert first == second != other


def test_inspect_and_validate(graph: Path, invoke: Invoke) -> None:
    shown = invoke("webnn", "inspect", graph)
    assert shown.exit_code == 0, shown.output
    for word in ("x", "float32", "[2, 4]", "relu", "weights"):
        assert word in shown.stdout
    assert invoke("webnn", "validate", graph).stdout == f"{graph}: valid\n"


def test_ops(invoke: Invoke) -> None:
    everything = invoke("webnn", "ops", "--markdown").stdout
    assert len(everything.splitlines()) == 4 + len(OPS)
    assert "| conv2d | convolution | input, filter |" in everything
    coverage = invoke("webnn", "ops", "--frontend", "onnx", "--markdown").stdout
    assert "| Relu |" in coverage


def test_zoo_list(invoke: Invoke) -> None:
    result = invoke("webnn", "zoo", "list", "magika_v3_3", "silero_vad_v6")
    assert result.exit_code == 0, result.output
    assert "--bind sr=16000" in result.stdout and "license" in result.stdout


def test_zoo_list_on_a_terminal(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    lines = invoke("webnn", "zoo", "list", "silero_vad_v6").stdout.splitlines()
    assert lines[0].split() == ["name", "task", "options"] and max(map(len, lines)) <= 80
    assert "license" in invoke("webnn", "zoo", "list", "silero_vad_v6", "-v").stdout


@pytest.mark.parametrize("group", [[], ["target"], ["zoo"]], ids=str)
def test_what_each_command_does_fits_into_its_line(group: list[str], invoke: Invoke) -> None:
    help = invoke("webnn", *group, "--help").stdout
    assert "Commands:" in help
    assert not [line for line in help.splitlines() if line.startswith("  ") and line.endswith("...")]


@pytest.mark.parametrize("command", ["onnx2webnn", "webnn2js", "webnn2json", "json2webnn", "webnn"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = f"""
import sys, cli
try:
    cli.{command}(["--help"])
finally:
    print(sorted({{"onnx", "torch", "numpy", "rich", "jinja2", "onnxruntime"}} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(cli.__file__).parent)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage:")
    assert done.stderr == "[]\n"


def test_installed_commands_exit_with_the_status() -> None:
    """As a process, not through click's test runner, which has an exit of its own."""
    code = "import cli; cli.onnx2webnn(['nowhere.onnx'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(cli.__file__).parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: nowhere.onnx: there is no such file [no-such-file]\n"

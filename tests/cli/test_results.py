"""What programs get: one JSON document or none, nothing but errors with --quiet, and the exit status, for every command."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

import cli
from converters.checking.verify import Verification
from converters.commands.console import DIFFERS, DONE, INTERRUPTED, REFUSED, USAGE, Command, verbosity_options
from converters.commands.report import Verified
from webnn_graph import load
from webnn_graph.compare import Difference, Noise
from webnn_graph.runtimes import reference, rustnn

Invoke = Callable[..., Result]
PAGE = (Path(cli.__file__).parent / "docs" / "scripting.md").read_text("utf-8")
TENSOR = {"name": "x", "type": "float32", "shape": [2, 4], "bytes": 32}


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands that do something."""
    waiting: list[tuple[tuple[str, ...], click.Command]] = [((name,), command) for name, command in cli.PROGRAMS.items()]
    while waiting:
        names, command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += [((*names, name), inner) for name, inner in command.commands.items()]
        else:
            yield names, command


@pytest.mark.parametrize(("names", "command"), list(commands()), ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_every_command_has_the_same_options(names: tuple[str, ...], command: click.Command) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"-q", "-v", "--debug", "--json"} <= options
    documented = PAGE.replace("`webnn zoo fetch`, `convert`, `verify`", "`webnn zoo fetch`, `webnn zoo convert`, `webnn zoo verify`")
    assert f"`{' '.join(names)}`" in documented


RIGHT: dict[str, tuple[list[str], int]] = {
    "onnx2webnn": (["MODEL", "--dim", "batch=2", "--verify", "--force"], DONE),
    "webnn2js": (["GRAPH", "--force"], DONE),
    "webnn2json": (["GRAPH", "--force"], DONE),
    "webnn2onnx": (["GRAPH", "--force"], DONE),
    "webnn inspect": (["GRAPH"], DONE),
    "webnn validate": (["GRAPH"], DONE),
    "webnn run": (["GRAPH"], DONE),
    "webnn profile": (["GRAPH", "--runtime", "reference"], DONE),
    "webnn verify": (["GRAPH", "--against", "MODEL"], DONE),
    "webnn verify --tolerance 0": (["WRONG", "--against", "MODEL"], DIFFERS),
    "webnn quantize": (["GRAPH", "--verify", "--force"], DONE),
    "webnn check": (["GRAPH"], DONE),
    "webnn ops": ([], DONE),
    "webnn ops --frontend onnx": ([], DONE),
    "webnn target list": ([], DONE),
    "webnn target show": (["chromium"], DONE),
    "webnn zoo list": (["magika_v3_3"], DONE),
    "webnn completion": (["bash"], DONE),
}
WRONG: dict[str, tuple[list[str], int]] = {
    "onnx2webnn": (["MODEL"], REFUSED),
    "onnx2webnn --dim": (["MODEL"], USAGE),
    "torch2webnn": (["MODEL"], REFUSED),
    "webnn2js": (["MODEL"], REFUSED),
    "webnn2json": (["missing.webnn"], REFUSED),
    "webnn2onnx": (["MODEL"], REFUSED),
    "webnn2onnx --opset 20": (["GRAPH"], USAGE),
    "json2webnn": (["missing.json"], REFUSED),
    "webnn inspect": (["missing.webnn"], REFUSED),
    "webnn validate": (["MODEL"], REFUSED),
    "webnn run": (["GRAPH", "--input", "nothing=1"], REFUSED),
    "webnn run --seed x": (["GRAPH"], USAGE),
    "webnn profile": (["missing.webnn"], REFUSED),
    "webnn profile --runtime rustnn": (["GRAPH"], USAGE),
    "webnn verify": (["GRAPH", "--against", "missing.onnx"], REFUSED),
    "webnn quantize": (["missing.webnn"], REFUSED),
    "webnn quantize --keep nothing": (["GRAPH"], REFUSED),
    "webnn quantize --block-size 16": (["GRAPH"], USAGE),
    "webnn check --target nothing": (["GRAPH"], REFUSED),
    "webnn ops --frontend tensorflow": ([], USAGE),
    "webnn target show": (["nothing"], REFUSED),
    "webnn zoo list": (["nothing"], REFUSED),
    "webnn zoo fetch": (["nothing"], REFUSED),
    "webnn completion": (["csh"], USAGE),
    "webnn nothing": ([], USAGE),
}


def run(invoke: Invoke, command: str, arguments: list[str], model: Path, graph: Path, *more: str) -> Result:
    name, *words = command.split()
    files = {"MODEL": str(model), "GRAPH": str(graph), "WRONG": str(graph.with_name("wrong.webnn"))}
    text = graph.read_text()
    graph.with_name("wrong.webnn").write_text(text.replace("c=bias", "c=bias, beta=0.5"))
    graph.with_name("wrong.safetensors").write_bytes(graph.with_suffix(".safetensors").read_bytes())
    return invoke(name, *words, *(files.get(argument, argument) for argument in arguments), *more)


@pytest.mark.parametrize("command", RIGHT)
def test_results(command: str, model: Path, graph: Path, invoke: Invoke) -> None:
    arguments, status = RIGHT[command]
    quiet, shown, document = (run(invoke, command, arguments, model, graph, *more) for more in (["-q"], [], ["--json"]))
    assert (quiet.exit_code, quiet.output) == (status, "")
    assert (shown.exit_code, document.exit_code, document.stderr) == (status, status, "")
    assert shown.stdout
    assert json.loads(document.stdout, parse_constant=pytest.fail).keys()


@pytest.mark.parametrize("command", WRONG)
def test_errors(command: str, model: Path, graph: Path, invoke: Invoke) -> None:
    arguments, status = WRONG[command]
    for more in ([], ["-q"], ["--json"]):
        result = run(invoke, command, arguments, model, graph, *more)
        assert (result.exit_code, result.stdout) == (status, "")
        assert re.match(r"error: .+\n(hint: .+\n)?\Z", result.stderr)


def test_ctrl_c(model: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("converters.onnx.convert", interrupted)
    result = invoke("onnx2webnn", model, "--json")
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (INTERRUPTED, "", "error: interrupted")


def test_the_statuses_are_documented() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.M)
    assert list(map(int, rows)) == [DONE, REFUSED, USAGE, DIFFERS, INTERRUPTED]


def document(invoke: Invoke, *arguments: Any) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(invoke(*arguments, "--json").stdout)
    return result


def test_the_document_of_a_conversion(model: Path, invoke: Invoke) -> None:
    (graph,) = document(invoke, "onnx2webnn", model, "--dim", "batch=2", "--verify")["graphs"]
    assert graph["inputs"] == [TENSOR]
    assert [(Path(file["path"]).suffix, file["bytes"]) for file in graph["files"]] == [
        (path.suffix, path.stat().st_size) for path in (Path("linear.webnn"), Path("linear.safetensors"))
    ]
    assert all(re.fullmatch("[0-9a-f]{64}", file["sha256"]) for file in graph["files"])
    assert (graph["verification"]["ok"], graph["verification"]["differences"][0]["name"]) == (True, "y")


def test_the_document_of_a_verification_names_nodes(model: Path, graph: Path, invoke: Invoke) -> None:
    found = document(invoke, "webnn", "verify", graph, "--against", model, "--each-node")
    assert (found["ok"], found["each_node"], found["runtime"], found["first"]) == (True, True, "reference", None)
    assert [(d["name"], d["node"], d["operator"], d["verdict"], d["noise"]) for d in found["differences"]] == [
        ("fc_sum", "/fc/Add", "gemm", "ok", None),
        ("y", "/act/Relu", "relu", "ok", None),
    ]


def names_its_version(model: Path, graph: Path, invoke: Invoke, package: str) -> None:
    """Each command names what computes with rustnn."""
    for command in (("webnn", "run", graph), ("webnn", "verify", graph, "--against", model)):
        result = invoke(*command, "--runtime", "rustnn")
        assert f"rustnn runtime ({package})" in result.stdout, result.output
        found = document(invoke, *command, "--runtime", "rustnn")
        assert (found["runtime"], found["version"]) == ("rustnn", package)
        assert document(invoke, *command, "--runtime", "reference")["version"] == ""
    converted = invoke("onnx2webnn", model, "--dim", "batch=2", "--verify", "--runtime", "rustnn")
    assert f"rustnn runtime ({package}) against ONNX Runtime" in converted.stdout


def test_rustnn_names_a_version(model: Path, graph: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = metadata.version
    monkeypatch.setattr(metadata, "version", lambda package: "9.8.7" if package == "pywebnn" else installed(package))
    monkeypatch.setattr(rustnn, "run", reference.run)
    names_its_version(model, graph, invoke, "pywebnn 9.8.7")


@pytest.mark.rustnn
def test_rustnn_names_its_version(model: Path, graph: Path, invoke: Invoke) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12")
    names_its_version(model, graph, invoke, f"pywebnn {metadata.version('pywebnn')}")


def test_numbers_that_json_lacks(graph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    differences = [Difference("y", (2, 300), math.inf, math.nan, -math.inf, 1e-4, "shape", Noise(math.inf, "x"))]

    @click.command(cls=Command)
    @verbosity_options
    def shown() -> Verified:
        return Verified(load(graph), Verification(differences, None), "reference", "nothing")

    with pytest.raises(SystemExit):
        shown.main(["--json"])
    (found,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["differences"]
    assert (found["absolute"], found["relative"], found["ulp"], found["noise"]["relative"]) == ("Infinity", "NaN", "-Infinity", "Infinity")

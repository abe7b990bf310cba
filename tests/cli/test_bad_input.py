"""What a user can do wrong: one clear error, the right exit status, no traceback, no file left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import Result
from onnx import TensorProto, helper

from tests.cli.conftest import linear_model

Invoke = Callable[..., Result]


@dataclass(frozen=True)
class Case:
    """A command line that must fail.

    Attributes:
        name: Of the test.
        command: The command and its arguments; ``{model}`` is a good ONNX file, ``{graph}`` a good .webnn file.
        says: A regular expression that the error, or its hint, matches.
        status: The exit status.
        files: What else lies in the current folder: content by name.
    """

    name: str
    command: str
    says: str
    status: int = 1
    files: Callable[[], dict[str, bytes]] = dict


def good_model() -> bytes:
    return linear_model().SerializeToString()


def changed_model(change: Callable[[onnx.ModelProto], object]) -> Callable[[], dict[str, bytes]]:
    def files() -> dict[str, bytes]:
        model = linear_model(batch=2)
        change(model)
        return {"bad.onnx": model.SerializeToString()}

    return files


def outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def nameless(model: onnx.ModelProto) -> None:
    batch, features = model.graph.input[0].type.tensor_type.shape.dim
    batch.dim_value, features.dim_param = -1, "?"


def cyclic(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "/fc/sum"


def unsupported(model: onnx.ModelProto) -> None:
    for i in range(2):
        model.graph.node.append(helper.make_node("NoSuchOperator", ["y"], [f"z{i}"], f"/strange/{i}", domain="strange"))
    model.opset_import.append(helper.make_opsetid("strange", 1))
    for i in range(2):
        model.graph.output.append(helper.make_tensor_value_info(f"z{i}", TensorProto.FLOAT, [2, 3]))


GRAPH = b'webnn_graph "g" v1 {\n  inputs { x: f32[2]; }\n  nodes { y = relu(x); }\n  outputs { y; }\n}\n'

CASES = [
    # The model's file
    Case("no such model", "onnx2webnn nowhere.onnx", "nowhere.onnx: there is no such file"),
    Case("model is a folder", "onnx2webnn .", "is a folder"),
    Case("empty model", "onnx2webnn bad.onnx", "bad.onnx is an empty file, not an ONNX model", files=lambda: {"bad.onnx": b""}),
    Case(
        "random model",
        "onnx2webnn bad.onnx",
        "bad.onnx is not an ONNX model",
        files=lambda: {"bad.onnx": np.random.default_rng(0).bytes(999)},
    ),
    Case("truncated model", "onnx2webnn bad.onnx", "bad.onnx", files=lambda: {"bad.onnx": good_model()[: len(good_model()) // 2]}),
    Case("text as model", "onnx2webnn {graph}", "is a WebNN graph, not an ONNX model.*converted already"),
    # What it is comes before the files that would be written, and options before what it is.
    Case(
        "pointer where output exists",
        "onnx2webnn linear.onnx",
        "linear.onnx is a pointer of Git LFS to the file, not an ONNX model.*git lfs pull",
        files=lambda: {"linear.onnx": b"version https://git-lfs.github.com/spec/v1\n", "linear.webnn": b"old"},
    ),
    Case(
        "ONNX for PyTorch where output exists",
        "torch2webnn linear.onnx",
        "linear.onnx is an ONNX model, not a PyTorch model.*onnx2webnn converts it",
        files=lambda: {"linear.onnx": good_model(), "linear.webnn": b"old"},
    ),
    Case(
        "page as graph where output exists", "webnn2json a.webnn", "is an HTML page", files=lambda: {"a.webnn": b"<html>", "a.json": b"old"}
    ),
    Case("page to run where output exists", "webnn run a -o b", "is an HTML page", files=lambda: {"a": b"<html>", "b": b"old"}),
    Case(
        "page to view where output exists",
        "webnn view a -o b",
        "a is an HTML page, not a WebNN graph or an ONNX model or a PyTorch model",
        files=lambda: {"a": b"<html>", "b": b"old"},
    ),
    Case("target before file", "onnx2webnn nowhere.onnx --target nothing", "there is no target nothing"),
    Case("target before file to view", "webnn view nowhere.onnx --target nothing", "there is no target nothing"),
    Case("lengths before file", "torch2webnn nowhere.pt --generate 4,8 --padding zeros --inputs nowhere.npz", "--generate says", 2),
    Case("input before file", "torch2webnn nowhere.pt --input x --inputs nowhere.npz", "'x' is not like", 2),
    Case("arguments before file", "torch2webnn nowhere.pt --model a:b --model-args {{", "is not JSON", 2),
    Case("runtime before file", "onnx2webnn {model} --each-node --runtime browser --inputs nowhere.npz", "reference runtime only", 2),
    Case("external data outside", "onnx2webnn bad.onnx", "outside of the model's folder.*refused", files=changed_model(outside)),
    Case("cycle", "onnx2webnn bad.onnx", "depends on its own result", files=changed_model(cyclic)),
    Case("all unsupported at once", "onnx2webnn bad.onnx", r"NoSuchOperator x2 +/strange/0, /strange/1", files=changed_model(unsupported)),
    # The options about the model
    Case("dimension unbound", "onnx2webnn {model}", "--dim batch=N"),
    Case("dimensions without names", "onnx2webnn bad.onnx", "--shape x=N,N", files=changed_model(nameless)),
    Case("dimension unknown", "onnx2webnn {model} --dim btach=2", "no dimension 'btach'; there are batch.*did you mean batch"),
    Case("dimension zero", "onnx2webnn {model} --dim batch=0", "no output is left"),
    Case("dimension no number", "onnx2webnn {model} --dim batch=two", "NAME=N", 2),
    Case("dimension without size", "onnx2webnn {model} --dim batch", "NAME=N", 2),
    Case("dimension twice", "onnx2webnn {model} --dim batch=1 --dim batch=2", "batch is given twice", 2),
    Case("shape of unknown input", "onnx2webnn {model} --shape z=1,4", "no input 'z'"),
    Case("shape of another rank", "onnx2webnn {model} --shape x=1,4,1", "rank 2"),
    Case("shape that does not fit", "onnx2webnn {model} --shape x=1,5", r"\[batch, 4\].*\[1, 5\]"),
    Case("shape no numbers", "onnx2webnn {model} --shape x=1,a-b", "INPUT=1,3,224,224", 2),
    Case("shape with a name", "onnx2webnn {model} --shape x=1,a", r"unknown are those of x \[1, a\].*--dim a=N"),
    Case("sizes no numbers", "onnx2webnn {model} --dim batch=1,two", "NAME=N\\[,N...\\]", 2),
    Case("sizes that are not as many", "onnx2webnn {model} --shape x=b,c --dim b=1,2 --dim c=4,5,6", "b has 2, c has 3.*--dim height", 2),
    Case("size twice", "onnx2webnn {model} --dim batch=2,2", "given twice: batch=2, batch=2", 2),
    Case("size zero", "onnx2webnn {model} --dim batch=2,0", "batch=0: no output is left"),
    Case("size that the model refuses", "onnx2webnn {model} --shape x=2,n --dim n=4,5", r"n=5: .*\[batch, 4\].*\[2, 5\]"),
    Case("padding of one size", "onnx2webnn {model} --dim batch=2 --padding zeros", "several sizes", 2),
    Case("mask that is not there", "onnx2webnn {model} --dim batch=2,3 --padding masked", "has no mask"),
    Case("size exists", "onnx2webnn {model} --dim batch=2,3", "linear_3.webnn already", files=lambda: {"linear_3.webnn": b""}),
    Case(
        "module of the sizes exists",
        "onnx2webnn {model} --dim batch=2,3 --format js",
        "linear.js already",
        files=lambda: {"linear.js": b""},
    ),
    Case("bind unknown input", "onnx2webnn {model} --bind z=1", "no input 'z'"),
    Case("bind to words", "onnx2webnn {model} --bind x=word", "'word' is not a number"),
    Case("bind to no file", "onnx2webnn {model} --bind x=nowhere.npy", "nowhere.npy: there is no such file"),
    Case(
        "bind to damaged file", "onnx2webnn {model} --bind x=bad.npy", "bad.npy is not a .npy file", files=lambda: {"bad.npy": b"\x93NUMPY"}
    ),
    Case("bind to pickle", "onnx2webnn {model} --bind x=bad.npy", "bad.npy is not a .npy file", files=lambda: {"bad.npy": b"\x80\x04N."}),
    Case("bind another shape", "onnx2webnn {model} --bind x=[1,2]", "has shape"),
    Case("output unknown", "onnx2webnn {model} --dim batch=1 --output nothing", "no tensor 'nothing'"),
    Case("output misspelt", "onnx2webnn {model} --dim batch=1 --output /fc/prodict", "did you mean /fc/product?"),
    Case("input unknown", "onnx2webnn {model} --dim batch=1 --input nothing", "no tensor 'nothing'"),
    # Where things go
    Case(
        "output exists", "onnx2webnn {model} --dim batch=2", "linear.webnn already exists.*--force", files=lambda: {"linear.webnn": b"old"}
    ),
    Case(
        "weights exist",
        "onnx2webnn {model} --dim batch=2",
        "linear.safetensors already exists",
        files=lambda: {"linear.safetensors": b"old"},
    ),
    Case(
        "another graph's weights",
        "onnx2webnn {model} --dim batch=2 --format js",
        "linear.safetensors already exists, and linear.webnn, linear.json read it.*--force",
        files=lambda: {"linear.safetensors": b"old", "linear.webnn": b"old", "linear.json": b"old"},
    ),
    Case(
        "folder is a file",
        "onnx2webnn {model} --dim batch=2 -o taken/deeper",
        r"taken is a file, .* \[cannot-write\]",
        files=lambda: {"taken": b""},
    ),
    Case("file in the folder's place", "onnx2webnn {model} --dim batch=2 -o taken", "taken is a file", files=lambda: {"taken": b""}),
    Case("folder that cannot be made", "onnx2webnn {model} --dim batch=2 -o /dev/null/out", "/dev/null is a file"),
    Case("name with folder", "onnx2webnn {model} --name ../up", "a file name", 2),
    Case("unknown format", "onnx2webnn {model} --format tflite", "'tflite' is none of webnn, json, js", 2),
    # Usage
    Case("no model", "onnx2webnn", "Missing argument 'MODEL'", 2),
    Case("unknown option", "onnx2webnn {model} --dmi a=1", "No such option.*--dim", 2),
    Case("negative tolerance", "onnx2webnn {model} --tolerance -1", "tolerance", 2),
    Case("unknown runtime", "webnn run {graph} --runtime gpu", "gpu", 2),
    Case("unknown command", "webnn convert {graph}", "No such command", 2),
    # Graph files
    Case("no such graph", "webnn2js nowhere.webnn", "nowhere.webnn"),
    Case("random graph", "webnn2js bad.webnn", "bad.webnn", files=lambda: {"bad.webnn": np.random.default_rng(0).bytes(999)}),
    Case("broken text", "webnn2json bad.webnn", r"bad\.webnn:?.*3", files=lambda: {"bad.webnn": GRAPH.replace(b"relu(x)", b"relu(x")}),
    Case("broken JSON", "json2webnn bad.json", "bad.json", files=lambda: {"bad.json": b'{"format": '}),
    Case("JSON without a graph", "json2webnn bad.json", r"bad\.json.*object", files=lambda: {"bad.json": b"[1, 2]"}),
    Case("JSON of another kind", "json2webnn bad.json", "bad.json", files=lambda: {"bad.json": b'{"a": [1, 2]}'}),
    Case("model as graph", "webnn2js {model}", "onnx2webnn"),
    Case(
        "unknown operator",
        "webnn validate bad.webnn",
        "relo.*did you mean relu",
        files=lambda: {"bad.webnn": GRAPH.replace(b"relu", b"relo")},
    ),
    Case("unknown operand", "webnn validate bad.webnn", "'z'", files=lambda: {"bad.webnn": GRAPH.replace(b"relu(x)", b"relu(z)")}),
    Case(
        "missing weights",
        "webnn inspect bad.webnn",
        "weights",
        files=lambda: {"bad.webnn": GRAPH.replace(b"  nodes", b"  consts { w: f32[9]; }\n  nodes").replace(b"relu(x)", b"relu(w)")},
    ),
    # Running and verifying
    Case("input unknown to graph", "webnn run {graph} --input z=1", "no input 'z'"),
    Case("input of another size", "webnn run {graph} --input x=[1,2,3]", "shape"),
    Case("inputs no archive", "webnn run {graph} --inputs bad.npz", "bad.npz", files=lambda: {"bad.npz": b"PK\x03\x04"}),
    Case("no such browser", "webnn run {graph} --runtime browser --browser /nowhere/chromium", "/nowhere/chromium does not exist"),
    Case("outputs in no folder", "webnn run {graph} -o nowhere/out.npz", "nowhere/out.npz"),
    Case("against nothing", "webnn verify {graph}", "--against", 2),
    Case("against no file", "webnn verify {graph} --against nowhere.onnx", "nowhere.onnx"),
    Case("against another model", "webnn verify {graph} --against bad.onnx", "differ", files=changed_model(unsupported)),
    # The zoo
    Case("no manifest", "webnn zoo list --zoo nosuch.toml", r"nosuch.toml: there is no such file \[no-such-file\]"),
    Case("a folder as a manifest", "webnn zoo list --zoo .", r"it is a folder, not a file \[no-such-file\]"),
    Case("unknown zoo model", "webnn zoo list magika", "no model or tag 'magika'.*magika_v3_3"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(case: Case, model: Path, graph: Path, invoke: Invoke) -> None:
    files = case.files()
    for name, content in files.items():
        Path(name).write_bytes(content)

    command, *arguments = case.command.format(model=model, graph=graph).split()
    result = invoke(command, *arguments)

    assert result.exit_code == case.status, result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, result.stderr
    assert re.search(case.says, result.stderr, re.DOTALL), result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "unexpected" not in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert {path.name: path.read_bytes() for path in Path().rglob("*")} == files


def test_debug_shows_the_traceback(invoke: Invoke) -> None:
    result = invoke("onnx2webnn", "nowhere.onnx", "--debug")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "FormatError: nowhere.onnx: there is no such file\n" in result.stderr
    assert result.stderr.endswith("error: nowhere.onnx: there is no such file [no-such-file]\n")


def test_a_defect_asks_for_a_report(model: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    import converters.onnx

    def fail(*_: object, **__: object) -> None:
        raise KeyError("boom")

    monkeypatch.setattr(converters.onnx, "convert", fail)
    result = invoke("onnx2webnn", model)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: unexpected KeyError: 'boom'\nhint: ")
    assert "--debug" in result.stderr

"""What a command reads it never writes over, whatever the options and whatever the file is called."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import Result
from onnx import TensorProto, helper
from safetensors.numpy import save_file

from tests.cli.conftest import linear_model

Invoke = Callable[..., Result]
GRAPH = """webnn_graph "g" v1 {
  inputs { x: f32[2, 20]; }
  consts { w: f32[20] @weights("w"); }
  nodes { y = add(x, w); }
  outputs { y; }
}
"""


@dataclass(frozen=True)
class Case:
    """A command whose files would take the place of what it reads.

    Attributes:
        name: Of the test.
        make: Makes the files in the current folder.
        command: The command and its arguments.
        kept: The file that it must not write over.
    """

    name: str
    make: Callable[[], object]
    command: str
    kept: str


def external(where: Callable[[onnx.ModelProto], list[onnx.TensorProto]]) -> Callable[[], None]:
    """m.onnx, some tensors of which are in m.safetensors."""

    def make() -> None:
        model = linear_model(batch=2)
        data = bytearray()
        for tensor in where(model):
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in {"location": "m.safetensors", "offset": len(data), "length": len(tensor.raw_data)}.items():
                tensor.external_data.add(key=key, value=str(value))
            data += tensor.raw_data
            tensor.ClearField("raw_data")
        Path("m.safetensors").write_bytes(data)
        Path("m.onnx").write_bytes(model.SerializeToString())

    return make


def a_tensor() -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.ones((2, 300), np.float32), "c")


def in_attribute(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    node = model.graph.node.add(op_type="Constant", output=["c"])
    node.attribute.append(helper.make_attribute("value", a_tensor()))
    return [node.attribute[0].t]


def in_subgraph(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    branch = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"])], "b", [], [helper.make_tensor_value_info("d", 1, [2, 300])], [a_tensor()]
    )
    node = model.graph.node.add(op_type="If", input=["x"], output=["z"])
    node.attribute.extend([helper.make_attribute("then_branch", branch), helper.make_attribute("else_branch", branch)])
    return [node.attribute[0].g.initializer[0]]


def in_function(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    constant = helper.make_node("Constant", [], ["c"], value=a_tensor())
    model.functions.append(helper.make_function("own", "f", [], ["c"], [constant], [helper.make_opsetid("", 17)]))
    return [model.functions[0].node[0].attribute[0].t]


def sparse(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    values, indices = onnx.numpy_helper.from_array(np.ones(3, np.float32), "s"), onnx.numpy_helper.from_array(np.arange(3), "i")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [9]))
    return [model.graph.sparse_initializer[0].values]


def state_dict() -> None:
    save_file({"weight": np.ones((3, 4), np.float32), "bias": np.ones(3, np.float32)}, "net.safetensors")


def huggingface(folder: str = ".", *, shards: bool = False) -> None:
    """What lies in such a folder; the model is never loaded here."""
    at = Path(folder)
    at.mkdir(exist_ok=True)
    (at / "config.json").write_text("{}")
    weights = "model-00001-of-00001.safetensors" if shards else "model.safetensors"
    save_file({"weight": np.ones((3, 4), np.float32)}, at / weights, metadata={"format": "pt"})
    if shards:
        (at / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"weight": weights}}))


def graph(name: str = "m", weights: str = "m") -> None:
    Path(f"{name}.webnn").write_text(GRAPH)
    save_file({"w": np.arange(20, dtype=np.float32)}, f"{weights}.safetensors")


def linked(how: Callable[[str, str], None]) -> Callable[[], None]:
    def make() -> None:
        state_dict()
        Path("out").mkdir()
        how(str(Path("net.safetensors").resolve()), "out/net.safetensors")

    return make


def bound() -> None:
    Path("m.onnx").write_bytes(linear_model(batch=2).SerializeToString())
    np.save("x.npy", np.ones((2, 4), np.float32))
    Path("x.npy").rename("m.js")
    Path("x.npy").symlink_to("m.js")


def inputs() -> None:
    Path("m.onnx").write_bytes(linear_model(batch=2).SerializeToString())
    np.savez("m", x=np.ones((2, 4), np.float32))
    Path("m.npz").rename("m.json")


def target() -> None:
    Path("m.onnx").write_bytes(linear_model(batch=2).SerializeToString())
    Path("m.json").write_text("{}")


def running() -> None:
    graph()
    np.savez("given", x=np.ones((2, 20), np.float32))


def code() -> None:
    state_dict()
    Path("net.py").write_text("def build():\n    raise AssertionError\n")


MODEL = "torch2webnn net.safetensors --model torch.nn:Linear --model-args [4,3] --input x:float32[1,4]"
CASES = [
    Case("ONNX external data", external(lambda model: list(model.graph.initializer)), "onnx2webnn m.onnx", "m.safetensors"),
    Case("ONNX external data of an attribute", external(in_attribute), "onnx2webnn m.onnx", "m.safetensors"),
    Case("ONNX external data of a subgraph", external(in_subgraph), "onnx2webnn m.onnx", "m.safetensors"),
    Case("ONNX external data of a function", external(in_function), "onnx2webnn m.onnx", "m.safetensors"),
    Case("ONNX external data of a sparse tensor", external(sparse), "onnx2webnn m.onnx", "m.safetensors"),
    Case(
        "ONNX model itself",
        lambda: Path("m.json").write_bytes(linear_model(batch=2).SerializeToString()),
        "onnx2webnn m.json --format json",
        "m.json",
    ),
    Case("a bound value", bound, "onnx2webnn m.onnx --bind x=x.npy --format js", "m.js"),
    Case("inputs", inputs, "onnx2webnn m.onnx --inputs m.json --format json --verify", "m.json"),
    Case("a target", target, "onnx2webnn m.onnx --target m.json --format json", "m.json"),
    Case("state dict", state_dict, MODEL, "net.safetensors"),
    Case("state dict by another path", state_dict, MODEL.replace("net.s", "../work/./net.s"), "net.safetensors"),
    Case("state dict by a symbolic link", linked(os.symlink), f"{MODEL} -o out", "out/net.safetensors"),
    Case("state dict by a hard link", linked(os.link), f"{MODEL} -o out", "out/net.safetensors"),
    Case("code", code, "torch2webnn net.safetensors --model net.py:build --input x:float32[1,4] --name net --format python", "net.py"),
    Case("Hugging Face folder, decoder", huggingface, "torch2webnn . --decoder 8,32", "model.safetensors"),
    Case("Hugging Face folder, name", huggingface, "torch2webnn . --name model", "model.safetensors"),
    Case("Hugging Face folder, config", huggingface, "torch2webnn . --name config --format json", "config.json"),
    Case("Hugging Face folder from outside", lambda: huggingface("hf"), "torch2webnn hf --decoder 8,32 -o hf", "hf/model.safetensors"),
    Case(
        "Hugging Face shards",
        lambda: huggingface(shards=True),
        "torch2webnn . --name model-00001-of-00001",
        "model-00001-of-00001.safetensors",
    ),
    Case("Hugging Face index", lambda: huggingface(shards=True), "torch2webnn . --decoder 8,32", "model.safetensors"),
    Case("graph", graph, "json2webnn m.webnn", "m.webnn"),
    Case("weights of a graph under another name", lambda: graph("m", "model"), "webnn2js m.webnn --name model", "model.safetensors"),
    Case("graph, run", running, "webnn run m.webnn -o m.webnn", "m.webnn"),
    Case("weights, run", running, "webnn run m.webnn -o m.safetensors", "m.safetensors"),
    Case("inputs, run", running, "webnn run m.webnn --inputs given.npz -o given.npz", "given.npz"),
    Case("an input, run", running, "webnn run m.webnn --input x=given.npz -o given.npz", "given.npz"),
]


@pytest.mark.parametrize("force", [False, True], ids=["", "force"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_read_stays(case: Case, force: bool, invoke: Invoke) -> None:
    case.make()
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    result = invoke(*case.command.split(), *(["--force"] if force else []))
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert result.exit_code == 1, result.output
    first, hint = result.stderr.splitlines()[-2:]
    assert first.startswith(f"error: {case.kept} ")
    assert "the model itself" in first or "the model's own weights" in first or "is both --inputs and --output" in first
    assert ("-o takes another file" if case.command.startswith("webnn run") else "--name ") in hint
    assert "-o " in hint


@pytest.mark.parametrize(
    ("case", "elsewhere"),
    [(case, "-o elsewhere --force") for case in CASES if case.name in ("state dict", "a bound value", "ONNX external data")]
    + [(case, "--name other --force") for case in CASES if case.name in ("state dict", "ONNX external data", "graph")]
    + [(case, "-o other.npz --force") for case in CASES if case.name == "an input, run"],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_the_hint_says_helps(case: Case, elsewhere: str, invoke: Invoke) -> None:
    case.make()
    result = invoke(*case.command.split(), *elsewhere.split())
    assert result.exit_code == 0, result.output


def test_the_stem_of_a_folder_is_its_name(invoke: Invoke) -> None:
    from converters.commands.chosen import _stem_of

    Path("llama-3.2-1b").mkdir()
    assert _stem_of(Path()) == "work"
    assert _stem_of(Path("llama-3.2-1b")) == "llama-3.2-1b"
    assert _stem_of(Path("llama-3.2-1b/..")) == "work"
    assert _stem_of(Path("/")) == "model"
    assert _stem_of(Path("net.v2.onnx")) == "net.v2"


@pytest.mark.parametrize("command", ["webnn2json", "webnn2js"])
def test_own_weights_stay_as_they_are_when_nothing_is_added(command: str, invoke: Invoke) -> None:
    graph()
    before = Path("m.safetensors").read_bytes()
    result = invoke(command, "m.webnn")
    assert result.exit_code == 0, result.output
    assert Path("m.safetensors").read_bytes() == before


def test_what_was_converted_in_a_folder_may_be_converted_again(invoke: Invoke) -> None:
    from converters.torch.files import files_of
    from webnn_graph import load, save

    huggingface()
    graph("bert", "bert")
    save(load("bert.webnn"), "bert.webnn", "bert.json", "bert.js")
    assert sorted(path.name for path in files_of(Path())) == ["config.json", "model.safetensors"]

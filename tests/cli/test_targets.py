"""Which files are for which implementation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import helper
from safetensors.numpy import load_file

import cli
from webnn_graph import GraphBuilder, load, save
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import BUILT_IN, legalize, load_target

FLOAT = onnx.TensorProto.FLOAT


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A convolution and a padded maximum pooling, which Chromium would pad with zeros."""
    filters = np.random.default_rng(0).standard_normal((8, 3, 5, 5)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["h"]),
            helper.make_node("MaxPool", ["h"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        ],
        "pooled",
        [helper.make_tensor_value_info("x", FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [onnx.numpy_helper.from_array(filters, "w")],
    )
    path = tmp_path / "pooled.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def invoke(*arguments: str | Path) -> None:
    command, *rest = map(str, arguments)
    result = CliRunner().invoke(getattr(cli, command), rest)
    assert result.exit_code == 0, result.output


def test_javascript_is_for_browsers_and_the_other_forms_are_standard(model: Path) -> None:
    folder = model.parent / "out"
    invoke("onnx2webnn", model, "-o", folder, "--format", "webnn,js")
    assert [node.op for node in load(folder / "pooled.webnn").nodes] == ["conv2d", "maxPool2d"]
    module = (folder / "pooled.js").read_text()
    assert "builder.pad(" in module and "padding" not in module.split("builder.maxPool2d(")[1].split(";")[0]


def test_the_standard_can_be_asked_for(model: Path) -> None:
    invoke("onnx2webnn", model, "-o", model.parent, "--format", "js", "--target", "standard")
    assert "padding: [1, 0, 1, 0]" in (model.parent / "pooled.js").read_text()


def test_a_graph_beside_its_module_keeps_its_weights(model: Path) -> None:
    invoke("onnx2webnn", model, "-o", model.parent)
    before = load_file(model.with_suffix(".safetensors"))
    invoke("webnn2js", model.with_suffix(".webnn"), "-o", model.parent)
    after = load_file(model.with_suffix(".safetensors"))
    assert before.keys() <= after.keys()
    np.testing.assert_array_equal(after["w"], before["w"])


def converted(graph: Graph, *options: str) -> Result:
    save(graph, f"{graph.name}.webnn")
    return CliRunner().invoke(cli.webnn2js, [f"{graph.name}.webnn", *options])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def looked_up(b: GraphBuilder) -> Operand:
    table = b.constant(np.zeros((16, 4), np.float32))
    return b.gather(table, b.input("ids", "int64", [8]))


def test_a_module_is_for_every_browser_where_integers_provably_fit(folder: Path) -> None:
    b = GraphBuilder("tokens")
    result = converted(b.build({"y": looked_up(b)}))
    assert result.exit_code == 0, result.output
    assert "note: input ids is int32 instead of int64" in result.stderr
    assert "ids: Int32Array" in (folder / "tokens.d.ts").read_text()


def test_what_the_module_changes_is_said_beside_other_forms(folder: Path) -> None:
    tokens = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["y"])],
        "tokens",
        [helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, [8])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [onnx.numpy_helper.from_array(np.zeros((16, 4), np.float32), "table")],
    )
    onnx.save(helper.make_model(tokens, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), "tokens.onnx")
    result = CliRunner().invoke(cli.onnx2webnn, ["tokens.onnx", "--format", "webnn,js", "--verify"])
    assert result.exit_code == 0, result.output
    assert "note: tokens.js: input ids is int32 instead of int64" in result.stderr
    assert load("tokens.webnn").inputs[0].data_type == "int64"
    assert CliRunner().invoke(cli.onnx2webnn, ["tokens.onnx", "--target", "portable", "--verify", "--force"]).exit_code == 0
    assert load("tokens.webnn").inputs[0].data_type == "int32"


def test_integers_that_perhaps_do_not_fit_stay_what_they_are(folder: Path) -> None:
    b = GraphBuilder("sums")
    result = converted(b.build({"y": b.mul(b.input("x", "int64", [4]), 4096)}))
    assert result.exit_code == 0, result.output
    assert "warning: not every browser takes the graph" in result.stderr
    assert "mul computes int64 as int32; values beyond that differ" in result.stderr
    assert "x: BigInt64Array" in (folder / "sums.d.ts").read_text()


def test_what_no_browser_can_take_is_written_as_it_is_with_warnings(folder: Path) -> None:
    b = GraphBuilder("wide")
    result = converted(b.build({"y": b.mul(b.input("x", "uint64", [4]), b.constant(np.array(4096, np.uint64)))}))
    assert result.exit_code == 0, result.output
    assert "warning: not every browser takes the graph" in result.stderr
    assert "warning: Chromium does not take the graph" in result.stderr
    assert "builder.mul(" in (folder / "wide.js").read_text()


# ------------------------------------------------------------------------------------------------------------------- targets
@pytest.mark.parametrize("name", ["./chromium", "foo/rustnn", "chromium.txt", "portable/", "absent"])
def test_only_the_names_themselves_are_built_in(name: str, folder: Path) -> None:
    b = GraphBuilder("tokens")
    result = converted(b.build({"y": looked_up(b)}), "--target", name)
    assert result.exit_code == 1
    assert "error: there is no target" in result.stderr
    assert "known are portable, chromium, rustnn, pywebnn, standard" in result.stderr


def test_a_file_is_read_each_time(folder: Path) -> None:
    path = folder / "chromium.json"
    limits = dict(load_target().limits)
    for most in (8, 2):
        path.write_text(json.dumps(limits | {"input": limits["input"] | {"rankRange": {"min": 0, "max": most}}}))
        assert load_target("chromium.json").highest_rank("input", "") == most


def test_list_and_show() -> None:
    listed = CliRunner().invoke(cli.webnn, ["target", "list"])
    assert listed.exit_code == 0
    assert all(name in listed.stdout for name in BUILT_IN)
    shown = CliRunner().invoke(cli.webnn, ["target", "show", "portable"])
    assert shown.exit_code == 0
    assert ["pad", "input", "float32", "float16", "0", "to", "5"] in [line.split() for line in shown.stdout.splitlines()]
    assert "tensors of up to 1,072,693,248 bytes, constants of up to 134,217,728" in shown.stdout
    assert "quirks: those of chromium in all measured versions" in shown.stdout


ORIGINS: dict[str, tuple[dict[str, object], str]] = {
    "a version": ({"implementation": "Chromium", "version": "153.0.1", "device": "cpu"}, "those of chromium in version 153.0.1"),
    "no implementation": ({"version": "153.0.1", "device": "cpu"}, "none"),
    "no version": ({"implementation": "Chromium", "device": "cpu"}, "none"),
    "another device": ({"implementation": "Chromium", "version": "153", "device": "gpu"}, "none"),
    "another implementation": ({"implementation": "standard", "version": "153", "device": "cpu"}, "none"),
    "no numbers": ({"implementation": "Chromium", "version": "153-beta", "device": "cpu"}, "none"),
    "no text": ({"implementation": ["Chromium"], "version": 153, "device": {}}, "none"),
}


@pytest.mark.parametrize(("origin", "quirks"), ORIGINS.values(), ids=ORIGINS)
def test_a_file_has_the_quirks_of_what_it_names(origin: dict[str, object], quirks: str, folder: Path) -> None:
    Path("mine.json").write_text(json.dumps(origin | dict(load_target().limits)))
    shown = CliRunner().invoke(cli.webnn, ["target", "show", "mine.json"])
    assert f"quirks: {quirks}" in shown.stdout
    b = GraphBuilder()
    graph = b.build({"y": b.argMax(b.input("x", "float32", [2, 3]), 1, keepDimensions=True), "z": b.isNaN(b.input("z", "float32", [2]))})
    made = [node.op for node in legalize(graph, load_target("mine.json")).nodes]
    assert made == (["argMax", "isNaN"] if quirks == "none" else ["argMax", "notEqual"])  # in 147 a reshape is behind argMax, too


@pytest.mark.browser
def test_dump(browser: BrowserSession, folder: Path) -> None:
    invoke("webnn", "target", "dump", "-o", "mine.json")
    assert json.loads(Path("mine.json").read_text()) == {
        "implementation": "Chromium",
        "version": browser.chromium.version,
        "device": "cpu",
        **browser.support_limits(),
    }
    refused = CliRunner().invoke(cli.webnn, ["target", "dump", "-o", "mine.json"])
    assert refused.exit_code == 1
    assert "mine.json already exists" in refused.stderr
    b = GraphBuilder("tokens")
    assert converted(b.build({"y": looked_up(b)}), "--target", "mine.json").exit_code == 0


# --------------------------------------------------------------------------------------------------------------------- check
def checked(graph: Graph, *options: str) -> Result:
    save(graph, "checked.webnn")
    return CliRunner().invoke(cli.webnn, ["check", "checked.webnn", *options], env={"COLUMNS": "80"})


def test_a_graph_that_fits(folder: Path) -> None:
    b = GraphBuilder("plain")
    result = checked(b.build({"y": b.relu(b.input("x", "float32", [4]))}))
    assert (result.exit_code, result.stdout) == (0, "plain: portable takes it as it is\n")


def mixed(b: GraphBuilder, *, hopeless: bool) -> Graph:
    with b.source("/embed/Gather"):
        rows = looked_up(b)
    with b.source("/pool/MaxPool"):
        pooled = b.maxPool2d(b.reshape(rows, [1, 2, 4, 4]), windowDimensions=[3, 3], padding=[2, 1, 1, 1])
    extra = {"z": b.reshape(b.input("deep", "float32", [1, 2, 1, 2, 1, 2]), [8])} if hopeless else {}
    return b.build({"y": pooled, **extra})


def test_a_graph_that_is_mended(folder: Path) -> None:
    result = checked(mixed(GraphBuilder("mixed"), hopeless=False))
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["/embed/Gather", "gather", "indices", "int64", "int32", "yes"] in rows
    assert ["/pool/MaxPool", "maxPool2d", "maxPool2d", "with", "padding", "yes"] in rows
    assert "note: input ids is int32 instead of int64" in result.stderr
    assert "mixed: portable takes it as --target portable writes it" in result.stdout


def test_a_graph_that_is_not_mended(folder: Path) -> None:
    graph = mixed(GraphBuilder("mixed"), hopeless=True)
    result = checked(graph)
    assert result.exit_code == 1, result.output
    assert ["deep", "input", "rank", "6", "ranks", "0", "to", "5", "NO"] in [line.split() for line in result.stdout.splitlines()]
    assert "mixed: portable does not take it; 1 of " in result.stdout
    assert checked(graph, "--target", "chromium").exit_code == 0
    assert checked(graph, "--target", "standard").exit_code == 0


def test_what_the_browser_computes_wrong_is_found(folder: Path) -> None:
    b = GraphBuilder("odd")
    x = b.input("x", "float32", [5])
    with b.source("/clip"):
        lowest = b.clamp(b.relu(x), minValue=0.5)
    result = checked(b.build({"y": lowest, "z": b.cast(b.constant(np.arange(700).astype(np.float16)), "float32")}))
    assert result.exit_code == 0, result.output
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "/clip clamp clamp from below yes" in rows
    assert "z output cast constant that is returned yes" in rows


def test_findings_as_json(folder: Path) -> None:
    graph = mixed(GraphBuilder("mixed"), hopeless=True)
    result = checked(graph, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["graph"], answer["target"], answer["left"], answer["notes"]) == ("mixed", "portable", 1, [])
    row = {"name": "gather_0", "label": "/embed/Gather", "operator": "gather", "operand": "indices", "what": "int64", "limit": "int32"}
    assert {**row, "mended": True} in answer["findings"]

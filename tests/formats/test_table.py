"""The table of formats: what a row says holds, and a row and a module are all that a new format takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner

import cli
from converters.commands.destination import Destination
from converters.commands.saving import save as save_to
from converters.onnx import convert
from tests.cli.conftest import linear_model
from tests.formats.graphs import every_operator
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats import FORMATS, Format, is_written_here, load, save, text
from webnn_graph.formats.table import writable
from webnn_graph.graph import Graph
from webnn_graph.targets import BUILT_IN, STANDARD, legalize, load_target

each_written = pytest.mark.parametrize("format", writable(), ids=lambda format: format.name)
LISTING = Format(
    "listing",
    ".list",
    "tests.formats.listing",
    title="a list",
    reads=True,
    writes=True,
    begins=("listing",),
    mark="listing",
    companions=(".count",),
    targets={"rustnn": "rustnn does not take the graph"},
    labels=False,
)


# ---------------------------------------------------------------------------------------------------------------- the rows
@each_written
def test_what_is_written_is_what_the_row_says(format: Format, tmp_path: Path) -> None:
    path = tmp_path / f"model{format.suffix}"
    written = save(legalize(every_operator(), load_target([STANDARD, *format.targets][-1])), path)
    assert written == [*format.paths(path), tmp_path / "model.safetensors"]
    assert all(map(is_written_here, written))
    beginning = path.read_bytes()[:64].decode("utf-8", "replace")
    assert format.mark in beginning if format.mark else beginning.lstrip().startswith(format.begins or "//")


@each_written
def test_labels_stay_unless_the_row_drops_them(format: Format, tmp_path: Path) -> None:
    graph = convert(linear_model(batch=2))
    for labels in (None, True, False):
        save(graph, tmp_path / f"model{format.suffix}", labels=labels)
        assert (b"/act/Relu" in (tmp_path / f"model{format.suffix}").read_bytes()) == (format.labels if labels is None else labels)


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_a_row_names_what_there_is(format: Format) -> None:
    assert set(format.targets) <= set(BUILT_IN)
    assert bool(format.module) == (format.reads or format.writes)
    assert bool(format.title and format.begins) == format.reads


def test_the_manual_and_the_help_name_each() -> None:
    manual = (Path(cli.__file__).parent / "docs" / "formats.md").read_text()
    names = ",".join(format.name for format in writable())
    assert f"`--format {names}`" in manual
    help = " ".join(CliRunner().invoke(cli.onnx2webnn, ["--help"]).output.split())
    assert f"--format {','.join(name for format in writable() for name in (format.name, *format.folders))}" in help
    assert "[default: portable for .js, pywebnn for .py, standard for the other forms]" in help
    assert "by default all but .js, .py do" in help


# ------------------------------------------------------------------------------------------------------------ one row more
@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Format]:
    monkeypatch.setitem(FORMATS, LISTING.suffix, LISTING)
    yield LISTING


@pytest.fixture
def graph() -> Graph:
    return convert(linear_model(batch=2))


def test_a_new_format_is_written_and_read(listing: Format, graph: Graph, tmp_path: Path) -> None:
    written = save(graph, tmp_path / "model.list", tmp_path / "model.json")
    assert [path.name for path in written] == ["model.list", "model.count", "model.json", "model.safetensors"]
    assert (tmp_path / "model.count").read_text() == f"{len(graph.nodes)}\n"
    assert all(map(is_written_here, written))
    (tmp_path / "model.txt").write_bytes((tmp_path / "model.list").read_bytes())
    for name in ("model.list", "model.txt"):
        again = load(tmp_path / name, check_bytes=True)
        assert text.files(again, "m", labels=False) == text.files(graph, "m", labels=False)


def test_errors_name_a_new_format(listing: Format, graph: Graph, tmp_path: Path) -> None:
    (tmp_path / "model.list").write_bytes(b"\xff")
    with pytest.raises(FormatError, match=r"is neither \.webnn text nor JSON nor a list: byte 0 is not UTF-8"):
        load(tmp_path / "model.list")
    with pytest.raises(WebNNError) as raised:
        save(graph, tmp_path / "model.tuple")
    assert raised.value.hint == "use one of .webnn, .json, .js, .onnx, .py, .list"


def test_a_command_writes_a_new_format(listing: Format, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    onnx.save(linear_model(batch=2), model)
    options = [str(model), "-o", str(tmp_path), "--format"]
    result = CliRunner().invoke(cli.onnx2webnn, [*options, "listing", "--verify"])
    assert result.exit_code == 0, result.output
    assert all(name in result.output for name in ("model.list", "model.count", "model.safetensors"))
    again = CliRunner().invoke(cli.onnx2webnn, [*options, "listing"])
    assert "model.list" in again.stderr and "model.count" in again.stderr and "already exist" in again.stderr
    other = CliRunner().invoke(cli.onnx2webnn, [*options, "tuple"])
    assert "'tuple' is none of webnn, json, js, page, npm, onnx, python, listing" in other.stderr


def test_a_new_format_is_written_for_its_target(listing: Format, tmp_path: Path) -> None:
    b = GraphBuilder("nearest")
    graph = b.build({"y": b.resample2d(b.input("x", "float32", [1, 1, 2, 3]), mode="nearest-neighbor", sizes=[4, 5])})
    saved = save_to(graph, Destination(tmp_path, "model", ["webnn", "listing"]))
    assert [path.name for path in saved.files] == ["model.webnn", "model.list", "model.count"]
    assert saved.graph is graph
    legal = legalize(graph, load_target("rustnn"))
    assert (tmp_path / "model.count").read_text() == f"{len(legal.nodes)}\n" != f"{len(graph.nodes)}\n"


def test_a_destination_refuses_a_format_that_is_not_there(graph: Graph, tmp_path: Path) -> None:
    destination = Destination(tmp_path, "model", ["webnn", "tuple"])
    for use in (destination.check, lambda: save_to(graph, destination)):
        with pytest.raises(WebNNError, match=r"cannot tell the form of .*model\.tuple"):
            use()

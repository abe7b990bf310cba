"""A graph and its weights show whether they belong together, and are refused when they do not."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

import cli
from tests.formats.graphs import as_data
from webnn_graph import Graph, GraphBuilder, load, save
from webnn_graph.data_types import Array
from webnn_graph.errors import FormatError
from webnn_graph.formats import digests, files_of, save_together, text
from webnn_graph.formats.digests import combined
from webnn_graph.formats.weights import Safetensors
from webnn_graph.graph import Operand
from webnn_graph.passes import optimize
from webnn_graph.targets import PORTABLE, legalize, load_target
from webnn_graph.weight import Weight

MISMATCH = "m.safetensors do not belong together: the graph and the weights are not of one conversion(.|\n)*convert the model again"


def model(value: float = 1, **more: float) -> Graph:
    """x @ w + own, and further products that the names in ``more`` give the weights of."""
    b = GraphBuilder("m")
    x = b.input("x", "float32", [2, 4])
    y = b.matmul(x, b.constant(np.full((4, 8), value, np.float32), name="w"))
    for name, other in more.items():
        y = b.add(y, b.constant(np.full((2, 8), other, np.float32), name=name))
    return b.build({"y": y})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model, m, in both forms that are read."""
    save(model(), tmp_path / "m.webnn", tmp_path / "m.json")
    return tmp_path


def retrained(folder: Path) -> None:
    save(model(2), folder / "other.webnn")
    (folder / "other.safetensors").rename(folder / "m.safetensors")


def by_other_software(folder: Path) -> None:
    save_file(load_file(folder / "m.safetensors"), folder / "m.safetensors", metadata={"format": "pt"})


def exchanged(folder: Path) -> None:
    """Two weights of one shape have changed places."""
    save(model(u=1, v=2), folder / "m.webnn", folder / "m.json")
    save(model(u=2, v=1), folder / "other.webnn")
    (folder / "other.safetensors").rename(folder / "m.safetensors")


MIXED = [retrained, by_other_software, exchanged]


@pytest.mark.parametrize("suffix", [".webnn", ".json"])
@pytest.mark.parametrize("mix", MIXED)
def test_what_does_not_belong_together_is_refused(folder: Path, mix: Callable[[Path], None], suffix: str) -> None:
    load(folder / f"m{suffix}")
    mix(folder)
    with pytest.raises(FormatError, match=MISMATCH):
        load(folder / f"m{suffix}")


@pytest.mark.parametrize("command", ["validate", "run", "inspect"])
def test_commands_refuse_it_too(folder: Path, command: str) -> None:
    assert CliRunner().invoke(cli.webnn, [command, str(folder / "m.webnn")]).exit_code == 0
    retrained(folder)
    result = CliRunner().invoke(cli.webnn, [command, str(folder / "m.webnn")])
    assert result.exit_code == 1
    assert "not of one conversion" in result.stderr


def test_files_without_digests_are_read(folder: Path) -> None:
    """As earlier versions and rustnn write them."""
    for name in ("m.webnn", "m.json"):
        lines = (folder / name).read_text().splitlines(keepends=True)
        without = [line for line in lines if text.DIGEST not in line and "weightsDigest" not in line]
        assert len(without) == len(lines) - 1
        (folder / name).write_text("".join(without))
        load(folder / name)
    by_other_software(folder)
    load(folder / "m.webnn")
    load(folder / "m.json")


def test_a_comment_elsewhere_is_a_comment(folder: Path) -> None:
    (comment,) = (line for line in (folder / "m.webnn").read_text().splitlines() if text.DIGEST in line)
    other = f"{text.DIGEST} {'0' * 32}"
    for place in ("webnn_graph ", "  nodes {\n", "}\n"):
        (folder / "m.webnn").write_text((folder / "m.webnn").read_text().replace(place, f"{other}\n{place}", 1))
    load(folder / "m.webnn")
    (folder / "m.webnn").write_text((folder / "m.webnn").read_text().replace(comment, other))
    with pytest.raises(FormatError, match="not of one conversion"):
        load(folder / "m.webnn")


def test_hostile_digests(folder: Path) -> None:
    content = (folder / "m.safetensors").read_bytes()
    (digest,) = Safetensors(folder / "m.safetensors").digests.values()
    (folder / "m.safetensors").write_bytes(content.replace(digest.encode(), b"zz" + digest[2:].encode()))
    with pytest.raises(FormatError, match=MISMATCH):
        load(folder / "m.webnn")
    (folder / "m.json").write_text((folder / "m.json").read_text().replace(f'"{digest}"', "[1]"))
    with pytest.raises(FormatError, match="weightsDigest: expected a string"):
        load(folder / "m.json")


# ----------------------------------------------------------------------------------------------------------------- the bytes
def test_a_changed_byte_is_found_by_validation(folder: Path) -> None:
    path = folder / "m.safetensors"
    load(folder / "m.webnn", check_bytes=True)
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    load(folder / "m.webnn")  # reads no weight
    with pytest.raises(FormatError, match="m.safetensors is damaged: 'w' has other values than were written"):
        load(folder / "m.webnn", check_bytes=True)
    result = CliRunner().invoke(cli.webnn, ["validate", str(folder / "m.webnn")])
    assert (result.exit_code, "is damaged" in result.stderr) == (1, True)


def weight(array: Array, name: str = "w", data_type: str = "") -> str:
    operand = GraphBuilder().constant(array, data_type or str(array.dtype), name)
    operand = Operand(operand.data_type, operand.shape, name)
    return combined(digests.digests_of({operand: Weight(operand.data_type, array)}).values())


ONES = np.ones((4, 6), np.float32)


@pytest.mark.parametrize(
    "other",
    [
        weight(ONES, "v"),
        weight(ONES.reshape(6, 4)),
        weight(ONES.view(np.int32)),
        weight(ONES * 2),
        weight(np.ones((4, 6), np.int8), data_type="int4"),
        weight(np.ones((4, 6), np.int8)),
        weight(np.where(np.arange(24).reshape(4, 6) == 3, -0.0, ONES).astype(np.float32)),
    ],
)
def test_digests_differ(other: str) -> None:
    assert other != weight(ONES)


@pytest.mark.parametrize("same", [np.asfortranarray(ONES), np.broadcast_to(np.float32(1), (4, 6)), ONES.copy()])
def test_digests_of_the_same_values_are_the_same(same: Array) -> None:
    assert weight(same) == weight(ONES)


def test_the_digest_of_a_weight_is_what_the_documentation_says() -> None:
    content = sha256(ONES.tobytes()).digest()[:16]
    assert weight(ONES) == sha256(b"w: float32[4, 6]\n" + content).hexdigest()[:32]


@pytest.fixture(params=["one by one", "together"])
def hashed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all that is hashed of weights, by one thread or by several."""
    if request.param == "together":
        monkeypatch.setattr("webnn_graph.weight.WORTH_A_THREAD", 1)
    sizes: list[int] = []

    def counted() -> Any:
        made = sha256()
        return SimpleNamespace(update=lambda piece: sizes.append(len(piece)) or made.update(piece), digest=made.digest)

    monkeypatch.setattr("webnn_graph.weight.sha256", counted)
    return sizes


def test_every_byte_is_hashed_once(tmp_path: Path, hashed: list[int]) -> None:
    graph = model(u=3)
    part = Graph("part", graph.inputs, graph.constants, graph.nodes, graph.outputs)
    forms = (".webnn", ".json", ".js")
    save_together({tmp_path / f"{name}{form}": g for name, g in (("a", graph), ("b", part)) for form in forms})
    assert sum(hashed) == sum(operand.nbytes for operand in graph.constants)


def test_every_byte_is_hashed_once_from_the_builder_to_the_files(tmp_path: Path, hashed: list[int]) -> None:
    """Weights of one type and shape, which each build compares: for the graph, after every pass, and for a target."""
    b = GraphBuilder("m")
    x = b.input("x", "float32", [8, 64])
    for i in range(3):
        x = b.relu(b.reshape(b.reshape(b.matmul(x, np.full((64, 64), i + 1, np.float32)), [64, 8]), [8, 64]))
    graph = optimize(b.build({"y": x}))
    save(graph, tmp_path / "m.webnn", tmp_path / "m.json")
    save(legalize(graph, load_target(PORTABLE)), tmp_path / "portable.js")
    assert len(graph.constants) == 3
    assert sum(hashed) == graph.weight_bytes


# ------------------------------------------------------------------------------------------- several graphs, one file of weights
def test_each_graph_has_the_digest_of_what_it_reads(tmp_path: Path) -> None:
    graphs = {"a": model(1, u=3), "b": model(1, u=4), "c": model(1)}
    save_together({tmp_path / f"{name}.webnn": graph for name, graph in graphs.items()})
    for name, graph in graphs.items():
        assert load(tmp_path / f"{name}.webnn", check_bytes=True).nodes[0].op == graph.nodes[0].op
    save_together({tmp_path / "a.webnn": graphs["a"]})  # b's own weight is gone, c's are the same
    load(tmp_path / "a.webnn")
    load(tmp_path / "c.webnn")
    with pytest.raises(FormatError, match="not of one conversion"):
        load(tmp_path / "b.webnn")


def test_what_is_beside_stays_readable(folder: Path) -> None:
    """A graph that needs more weights is written beside one that has its own, and then a third."""
    loaded = load(folder / "m.webnn")
    extended = {folder / "more.webnn": model(1, u=3)}
    written = save_together(extended, weights="m.safetensors", neighbours=[loaded])
    assert folder / "m.safetensors" in written
    (folder / "more.safetensors").symlink_to("m.safetensors")
    before = (folder / "m.safetensors").read_bytes()
    assert save_together({folder / "again.json": loaded}, weights="m.safetensors", neighbours=[loaded]) == [folder / "again.json"]
    save_together({folder / "third.webnn": model(1, u=5)}, weights="m.safetensors", neighbours=[loaded])
    assert (folder / "m.safetensors").read_bytes() != before
    for name in ("m.webnn", "m.json", "more.webnn"):
        load(folder / name, check_bytes=True)
    assert as_data(load(folder / "m.webnn")) == as_data(model())


def test_what_other_software_wrote_is_kept(folder: Path) -> None:
    save_file({"w": np.full((4, 8), 1, np.float32), "a.b": np.ones(3, np.float16)}, folder / "m.safetensors", metadata={"format": "pt"})
    (folder / "m.webnn").write_text("".join(x for x in (folder / "m.webnn").read_text().splitlines(True) if text.DIGEST not in x))
    loaded = load(folder / "m.webnn")
    before = (folder / "m.safetensors").read_bytes()
    save_together({folder / "again.json": loaded}, weights="m.safetensors", neighbours=[loaded])
    assert (folder / "m.safetensors").read_bytes() == before, "nothing had to be added"
    save_together({folder / "more.webnn": model(1, u=3)}, weights="m.safetensors", neighbours=[loaded])
    after = Safetensors(folder / "m.safetensors")
    assert set(after.tensors) == {"w", "a.b", "u"}
    assert after.metadata["format"] == "pt"
    np.testing.assert_array_equal(load_file(folder / "m.safetensors")["a.b"], np.ones(3, np.float16))


def test_what_cannot_be_kept_is_refused(folder: Path) -> None:
    save_file({"w": np.full((4, 8), 1, np.float32), "d": np.ones(3)}, folder / "m.safetensors")
    (folder / "m.webnn").write_text("".join(x for x in (folder / "m.webnn").read_text().splitlines(True) if text.DIGEST not in x))
    loaded = load(folder / "m.webnn")
    with pytest.raises(FormatError, match="has a tensor of F64, 'd'(.|\n)*another folder"):
        save_together({folder / "more.webnn": model(1, u=3)}, weights="m.safetensors", neighbours=[loaded])


def test_a_graph_without_weights_does_not_look_at_files_beside_it(tmp_path: Path) -> None:
    b = GraphBuilder("m")
    graph = b.build({"y": b.relu(b.input("x", "float32", [2]))})
    (tmp_path / "m.safetensors").write_bytes(b"something else")
    assert save_together({tmp_path / "m.json": graph}, weights="m.safetensors", neighbours=[graph]) == [tmp_path / "m.json"]
    assert "weightsDigest" not in (tmp_path / "m.json").read_text()


def test_the_files_of_a_graph(folder: Path) -> None:
    assert files_of(folder / "m.json") == [folder / "m.json", folder / "m.safetensors"]

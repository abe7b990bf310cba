"""Heat maps of centres, and the maps of their cells, as an option says them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from converters.described.centers import words
from converters.described.given import Given
from tests.cli.conftest import invoke as invoke
from tests.described.graphs import graph_of
from webnn_graph import GraphBuilder, load, save
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Centers, Geometry, Image, Metadata, Points

PICTURE = {"x": (1, 3, 64, 96)}
MAPS = {"h": (1, 1, 8, 12), "s": (1, 2, 8, 12), "o": (1, 2, 8, 12)}
HELD = {"s": Geometry(holds="sizes"), "o": Geometry(holds="offsets")}


def told(graph: Graph, folder: Path, count: int = 1, name: str = "", **members: Any) -> Graph:
    (folder / "labels").write_text("\n".join(["face", "hand", "foot"][:count]))
    return Given(labels={name: folder / "labels"}, inputs={"x": Image()}, centers=members).of(graph)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("xy", {"order": "xy"}),
        ("yx,log,middle,overlap=0.3", {"order": "yx", "log": True, "middle": True, "overlap": 0.3}),
        ("stride=8", {"stride": 8}),
    ],
)
def test_words(text: str, members: dict[str, Any]) -> None:
    assert words(text) == members


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not known; words are xy, yx, log, middle, and stride=, overlap="),
        ("log=1", "'log=1' is not known"),
        ("names=a", "'names=a' is not known"),
        ("stride=0", "stride must be at least 1"),
        ("stride=x", "'x' is no number"),
        ("overlap=2", "overlap must be at most 1"),
        ("overlap=nan", "overlap"),
    ],
)
def test_words_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        words(text)


@pytest.mark.parametrize(
    ("outputs", "count", "points"),
    [
        (MAPS, 1, None),
        ({**MAPS, "p": (1, 10, 8, 12)}, 1, 5),
        ({"p": (1, 10, 8, 12), **MAPS, "h": (1, 3, 8, 12)}, 3, 5),
        ({**MAPS, "p": (1, 2, 8, 12)}, 1, 1),
        ({**MAPS, "p": (1, 10, 8, 12), "q": (1, 4, 8, 12)}, 1, None),  # either may be of points
        ({**MAPS, "p": (1, 5, 8, 12), "q": (1, 10, 4, 6), "r": (1, 2)}, 1, None),
    ],
)
def test_outputs_are_found(outputs: dict[str, tuple[int, ...]], count: int, points: int | None, tmp_path: Path) -> None:
    metadata = Metadata.of(told(graph_of(PICTURE, outputs), tmp_path, count, order="yx", log=True))
    names = ("face", "hand", "foot")[:count]
    expected = Centers(names=names, scores="logits", order="yx", log=True, stride=8, points=Points(count=points) if points else None)
    assert metadata.tensors == {"x": Image(), "h": expected, **HELD, **({"p": Geometry(holds="points")} if points else {})}


def test_the_sigmoid_makes_probabilities(tmp_path: Path) -> None:
    b = GraphBuilder("network")
    b.input("x", "float32", PICTURE["x"])
    maps = {name: b.input(f"{name}_before", "float32", shape) for name, shape in MAPS.items()}
    made = b.build({name: b.sigmoid(one) if name == "h" else b.relu(one) for name, one in maps.items()})
    found = Metadata.of(told(made, tmp_path)).tensors["h"]
    assert isinstance(found, Centers) and found.scores == "probabilities"


def test_two_labels_are_named(tmp_path: Path) -> None:
    """Which have as many maps as sizes."""
    graph = graph_of(PICTURE, {**MAPS, "h": (1, 2, 8, 12)})
    with pytest.raises(ValidationError, match=r"each of h \[1, 2, 8, 12\], s .* can be the centers of 2 labels"):
        told(graph, tmp_path, 2)
    assert Metadata.of(told(graph, tmp_path, 2, "h")).tensors == {
        "x": Image(),
        "h": Centers(names=("face", "hand"), scores="logits", stride=8),
        **HELD,
    }


@pytest.mark.parametrize(
    ("outputs", "count", "members", "said"),
    [
        (MAPS, 3, {}, r"none of h \[1, 1, 8, 12\], s .* has a map for each of 3 labels"),
        ({"h": (1, 1)}, 1, {}, "none of h"),
        ({"h": (1, 1, 8, 12), "s": (1, 2, 8, 12)}, 1, {}, r"output h \[1, 1, 8, 12\] has no sizes and offsets of its cells"),
        ({**MAPS, "o": (1, 2, 12, 8)}, 1, {}, "no two other outputs have 2 maps of them"),
        (MAPS, 1, {"stride": 4}, "has 8 x 12 cells, and 16 x 24 of 4 pixels cover a picture of 64 x 96"),
    ],
)
def test_outputs_that_are_none(outputs: dict[str, tuple[int, ...]], count: int, members: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=said):
        told(graph_of(PICTURE, outputs), tmp_path, count, **members)


def test_a_command_is_told(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    (tmp_path / "labels.txt").write_text("face\n")
    save(graph_of(PICTURE, MAPS), tmp_path / "m.webnn")
    command = ["webnn2json", tmp_path / "m.webnn", "-o", tmp_path, "--image", "x:rgb,scale=1", "--centers", "yx,log,middle"]
    alone = invoke(*command)
    assert alone.exit_code == 2 and "--centers takes --labels FILE, too" in alone.output
    said = invoke(*command, "--labels", tmp_path / "labels.txt")
    assert said.exit_code == 0, said.output
    wanted = Centers(names=("face",), scores="logits", order="yx", log=True, middle=True, stride=8)
    assert Metadata.of(load(tmp_path / "m.json")).tensors == {"x": Image(), "h": wanted, **HELD}


def test_a_file_that_contradicts_itself(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    """One error, and no traceback."""
    (tmp_path / "labels.txt").write_text("face\n")
    save(told(graph_of(PICTURE, MAPS), tmp_path), tmp_path / "m.webnn")
    text = (tmp_path / "m.webnn").read_text()
    assert '"holds": "offsets"' in text
    for before, after, said in (
        ('"holds": "offsets"', '"holds": "points"', "has no offsets of its cells: no output of shape [..., 2, 8, 12]"),
        ('"holds": "offsets"', '"holds": "all"', "Invalid enum value 'all'"),
        ('"stride": 8', '"stride": 0', "Expected `int` >= 1"),
        ('"stride": 8', '"stride": 9', "has 8 x 12 cells, and 8 x 11 of 9 pixels cover"),
        ('"names": ["face"]', '"names": ["face", "hand"]', "there are 2 labels for 1 numbers"),
    ):
        assert before in text
        (tmp_path / "m.webnn").write_text(text.replace(before, after))
        refused = invoke("webnn", "inspect", tmp_path / "m.webnn")
        assert refused.exit_code == 1 and said in " ".join(refused.output.split()), refused.output

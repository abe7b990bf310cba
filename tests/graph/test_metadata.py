"""What a graph knows of its inputs and outputs: in every form, through passes, targets and shared weights; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webnn_graph import GraphBuilder, load, save
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.formats import save_together
from webnn_graph.graph import Graph
from webnn_graph.metadata import (
    KINDS,
    Audio,
    Boxes,
    Bytes,
    Centers,
    Characters,
    Depth,
    Detections,
    Embedding,
    Geometry,
    Image,
    Labels,
    Level,
    Mask,
    Meaning,
    Metadata,
    Points,
    Prototypes,
    Regions,
    Regression,
    Sides,
    State,
    Target,
    Tokens,
    metadata_of,
    problems,
)
from webnn_graph.passes import optimize
from webnn_graph.quantization import quantize
from webnn_graph.spectrogram import Spectrogram
from webnn_graph.targets import legalize, load_target

HARD = ("plain", 'a "quoted" one', "two\nlines", "</script>", "# not a comment; }", "\u2028\u202e\x1b[31m", "ünïcödé 猫 😀", "", "\\")
"""Labels that are hard on formats."""


NOTHING = Metadata()


def network(metadata: Metadata = NOTHING) -> Graph:
    b = GraphBuilder("network")
    x = b.input("x", "float32", [1, 3, 8, 8])
    y = b.conv2d(x, np.arange(len(HARD) * 3 * 9, dtype=np.float32).reshape(len(HARD), 3, 3, 3))
    scores = b.reshape(b.reduceMean(y, axes=[2, 3]), newShape=[1, len(HARD)])
    return replace(b.build({"scores": b.add(scores, 1.0), "map": y}), metadata=metadata.document())


DESCRIBED = Metadata(
    task="image-classification",
    tensors={
        "x": Image(channels="bgr", resize="cover", edge=9, scale=1 / 255, mean=(0.5, 0.25, 0.125), std=(0.5,)),
        "scores": Labels(names=HARD, several=True),
        "map": Labels(names=HARD, axis=1),
    },
)


@pytest.mark.parametrize("suffix", [".webnn", ".json"])
def test_files_keep_it(suffix: str, tmp_path: Path) -> None:
    save(network(DESCRIBED), tmp_path / f"network{suffix}")
    again = load(tmp_path / f"network{suffix}")
    assert again.metadata == DESCRIBED.document()
    save(again, tmp_path / f"again{suffix}")
    first, second = ((tmp_path / f"{stem}{suffix}").read_text("utf-8") for stem in ("network", "again"))
    assert first == second


def test_text_shows_it_beside_what_it_is_of(tmp_path: Path) -> None:
    metadata = replace_tensors(task="image-classification", x=Image(), scores=Labels(names=HARD))
    save(network(metadata), tmp_path / "network.webnn")
    lines = [line.strip() for line in (tmp_path / "network.webnn").read_text("utf-8").splitlines()]
    assert lines[1] == "# task: image-classification"
    assert "x: f32[1, 3, 8, 8];  # image: {}" in lines
    assert next(line for line in lines if line.startswith("scores;")).startswith('scores;  # labels: {"names": ["plain", ')
    assert lines[-3:] == ["map;", "}", "}"]


def test_a_license_stands_in_a_comment(tmp_path: Path) -> None:
    for metadata in (Metadata(license="MIT OR Apache-2.0"), Metadata(task="depth-estimation", license="openrail")):
        save(network(metadata), tmp_path / "network.webnn")
        lines = (tmp_path / "network.webnn").read_text("utf-8").splitlines()
        assert lines[bool(metadata.task) + 1] == f"  # license: {metadata.license}"
        assert Metadata.of(load(tmp_path / "network.webnn")) == metadata


def replace_tensors(task: str = "", **tensors: Meaning) -> Metadata:
    return Metadata(task=task, tensors=tensors)


def test_what_makes_graphs_of_graphs_keeps_it(tmp_path: Path) -> None:
    graph = network(DESCRIBED)
    assert optimize(graph).metadata == DESCRIBED.document()
    for target in ("portable", "chromium", "rustnn"):
        assert legalize(graph, load_target(target)).metadata == DESCRIBED.document()
    assert quantize(graph, "int8").metadata == DESCRIBED.document()
    other = replace(network(), name="other")
    save_together({tmp_path / "a.webnn": graph, tmp_path / "b.webnn": other})
    assert (load(tmp_path / "a.webnn").metadata, load(tmp_path / "b.webnn").metadata) == (DESCRIBED.document(), {})


def test_names_that_are_no_identifiers(tmp_path: Path) -> None:
    save(network(DESCRIBED), tmp_path / "network.json")
    text = (tmp_path / "network.json").read_text("utf-8").replace('"x"', '"the x"').replace('"scores": "scores"', '"the scores": "scores"')
    (tmp_path / "network.json").write_text(text.replace('{"task"', '{"task"', 1).replace('"scores": {"kind"', '"the scores": {"kind"', 1))
    graph = load(tmp_path / "network.json")
    assert list(Metadata.of(graph).tensors) == [graph.inputs[0].name, graph.outputs[0].name, "map"]
    assert graph.inputs[0].name != "the x"


def test_a_state_whose_input_is_no_identifier(tmp_path: Path) -> None:
    b = GraphBuilder("counter")
    graph = b.build({"next": b.add(b.input("s", "float32", [1]), 1.0)})
    save(replace(graph, metadata=replace_tensors(next=State(input="s")).document()), tmp_path / "m.json")
    text = (tmp_path / "m.json").read_text("utf-8").replace('"s"', '"s.1"')
    assert text.count('"s.1"') > 2
    (tmp_path / "m.json").write_text(text)
    graph = load(tmp_path / "m.json")
    assert Metadata.of(graph).tensors == {"next": State(input=graph.inputs[0].name)}


def test_a_comment_of_another_kind_is_one(tmp_path: Path) -> None:
    text = 'webnn_graph "m" v1 { inputs { x: f32[2];  # image: of a cat\n } nodes { y = relu(x); } outputs { y;  # nonsense: {}\n } }'
    (tmp_path / "m.webnn").write_text(text)
    assert load(tmp_path / "m.webnn").metadata == {}


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# image: {", None),
        ("# image: {]}", "m.webnn:1:51: the comment behind x is no JSON object: "),
        ('# image: {"scale": 0}', "metadata: Expected `float` > 0.0 - at `$.tensors[...].scale`"),
        ('# image: {"nothing": 0}', "metadata: Object contains unknown field `nothing`"),
        ("# image: {}", "input x [2] is not image as metadata say: a picture has 3 or 4 axes, not 1"),
        ('# labels: {"names": ["a"]}', "metadata call x labels, and there is no such output"),
    ],
)
def test_what_is_refused_in_a_text(comment: str, said: str | None, tmp_path: Path) -> None:
    (tmp_path / "m.webnn").write_text(
        f'webnn_graph "m" v1 {{ inputs {{ x: f32[2]; {comment}\n }} nodes {{ y = relu(x); }} outputs {{ y; }} }}'
    )
    if said is None:
        assert not load(tmp_path / "m.webnn").metadata
        return
    with pytest.raises((FormatError, ValidationError)) as error:
        load(tmp_path / "m.webnn")
    assert said in str(error.value)


WRONG: list[tuple[Mapping[str, Any], str]] = [
    ({"license": "MIT\n# task: x"}, "license"),
    ({"task": "Image Classification"}, "task"),
    ({"tensors": {"x": {"kind": "nothing"}}}, "Invalid value 'nothing'"),
    ({"tensors": {"x": {}}}, "missing required field `kind`"),
    ({"tensors": {"x": {"kind": "audio"}}}, "missing required field `sampling_rate`"),
    ({"tensors": {"x": {"kind": "image", "mean": [1, 2, 3, 4, 5]}}}, "length <= 4"),
    ({"tensors": {"x": {"kind": "labels", "names": ["a" * 1001]}}}, "length <= 1000"),
    ({"tensors": {"x": {"kind": "image", "std": [0]}}}, "> 0"),
    ({"tensors": {"x": {"kind": "detections", "names": ["a"], "points": {"count": 0}}}}, ">= 1"),
    ({"tensors": {"x": {"kind": "detections", "names": ["a"], "points": {"count": 1, "names": [1]}}}}, "Expected `str`"),
    ({"other": 1}, "unknown field `other`"),
]


@pytest.mark.parametrize(("document", "said"), WRONG)
def test_what_is_refused_in_a_document(document: Mapping[str, Any], said: str) -> None:
    with pytest.raises(FormatError) as error:
        metadata_of(document)
    assert said in str(error.value)


class Tensor:
    def __init__(self, name: str, *shape: int) -> None:
        self.name, self.shape = name, shape


@pytest.mark.parametrize(
    ("meaning", "right", "wrong"),
    [
        (Image(), (1, 3, 5, 5), (1, 1, 5, 5)),
        (Image(channels="gray"), (1, 1, 5, 5), (1, 3, 5, 5)),
        (Image(layout="nhwc"), (5, 5, 3), (3, 5, 5)),
        (Image(channels="rgba", layout="nhwc", joined=True), (1, 5, 5, 4), (1, 5, 5, 3)),
        (Image(mean=(1.0, 2.0, 3.0)), (1, 3, 5, 5), (5, 5)),
        (Audio(sampling_rate=16_000), (1, 100), ()),
        (Audio(sampling_rate=16_000, context=64), (1, 100), (1, 64)),
        (Audio(sampling_rate=16_000, spectrogram=Spectrogram(length=400, hop=160, mels=8)), (1, 100, 8), (1, 8, 100)),
        (Audio(sampling_rate=16_000), (4, 2, 100), (1, 3, 32, 32)),
        (Audio(sampling_rate=16_000, spectrogram=Spectrogram(length=400, hop=160, mels=8)), (2, 4, 100, 8), (1, 5, 100, 8)),
        (Tokens(), (1, 100), ()),
        (Bytes(block=8, first=6, last=4), (1, 10), (1, 6)),
        (Bytes(block=8, first=6), (6,), ()),
        (Bytes(block=8, first=6), (2, 1, 6), (1, 3, 6)),
        (Labels(names=("a", "b")), (1, 2), (1, 3)),
        (Labels(names=("a", "b"), axis=-3), (1, 2, 5, 5), (2, 2)),
        (Boxes(), (1, 10, 4), (1, 4, 10)),
        (Detections(names=("a", "b")), (1, 6, 100), (1, 100, 6)),
        (Detections(names=("a", "b"), form="rows"), (1, 100, 6), (1, 6, 100)),
        (Detections(names=("a", "b"), form="objects"), (1, 100, 7), (1, 100, 6)),
        (Detections(names=("a", "b", "c"), form="final"), (1, 300, 6), (1, 300, 7)),
        (Detections(names=("a", "b", "c"), form="best"), (1, 300, 6), (1, 300, 7)),
        (Detections(names=("a", "b"), points=Points(count=5)), (1, 16, 100), (1, 6, 100)),
        (Detections(names=("a", "b"), form="rows", points=Points(count=2, scored=True, names=("l", "r"))), (1, 100, 12), (1, 100, 10)),
        (Detections(names=("a", "b"), form="final", points=Points(count=5, scored=True)), (1, 300, 21), (1, 300, 6)),
        (Prototypes(), (1, 32, 5, 5), (5, 5)),
        (Geometry(holds="sizes"), (1, 2, 5, 5), (5, 5)),
        (Sides(), (1, 9, 32), (1, 9, 4)),
        (Regression(targets=(Target(name="a", polynomial=(1.0, 2.0)), Target(name="b", unit="m"))), (1, 2), (2, 1)),
        (Regions(), (1, 1, 5, 5), (5,)),
        (Mask(names=("a", "b")), (1, 5, 5), (5,)),
        (Mask(names=("a", "b"), scores="logits"), (1, 5, 5), (5,)),
        (Depth(), (1, 5, 5), (5,)),
        (Embedding(), (1, 5), ()),
        (Characters(names=("", "a"), blank=0), (1, 10, 2), (1, 10, 3)),
        (Characters(names=("", "a", "b"), scores="path"), (1, 10, 2), (1, 10, 3)),
    ],
)
def test_what_a_tensor_can_be(meaning: Meaning, right: tuple[int, ...], wrong: tuple[int, ...]) -> None:
    metadata = Metadata(tensors={"t": meaning})

    def found(shape: tuple[int, ...]) -> list[str]:
        tensors = [[Tensor("t", *shape)], []]
        return list(problems(metadata, *(tensors if meaning.is_input else reversed(tensors))))

    assert found(right) == []
    assert len(found(wrong)) == 1
    assert metadata_of(json.loads(json.dumps(metadata.document()))) == metadata


def test_a_box_for_each_cell() -> None:
    metadata = Metadata(tensors={"x": Image(), "y": Detections(names=("a", "b"), form="cells")})
    for height, count in ((32, 1), (64, 0)):
        assert len(list(problems(metadata, [Tensor("x", 1, 3, height, 64)], [Tensor("y", 1, 42, 7)]))) == 1 - count
    (problem,) = problems(Metadata(tensors={"y": metadata.tensors["y"]}), [], [Tensor("y", 1, 42, 7)])
    assert problem == "output y [1, 42, 7] has no box for each cell of grids over a picture"


def test_every_kind_is_tested() -> None:
    (mark,) = test_what_a_tensor_can_be.pytestmark  # type: ignore[attr-defined]
    assert {row[0].kind for row in mark.args[1]} == set(KINDS) - {"speech", "state", "centers", "level"}  # of any shape, of several tensors


def test_coefficients_are_for_prototypes() -> None:
    objects, maps = Detections(names=("a",), coefficients=3), Prototypes()

    def found(*count: int, **tensors: Meaning) -> list[str]:
        return list(problems(Metadata(tensors=tensors), [], [Tensor("y", 1, 8, 20), *(Tensor(f"z{n}", 1, n, 5, 5) for n in count)]))

    assert found(3, y=objects, z3=maps) == found(4, 3, y=objects, z4=maps, z3=maps) == []
    wrong = "output y [1, 8, 20] has 3 coefficients, and no output is as many prototypes"
    assert found(4, y=objects, z4=maps) == found(3, y=objects) == [wrong]


def test_cells_of_centers() -> None:
    """A grid that covers the picture, and other outputs that have the same cells."""
    known: dict[str, Meaning] = {"y": Centers(names=("a",), stride=8, points=Points(count=5))}
    known |= {name: Geometry(holds=holds) for name, holds in (("s", "sizes"), ("o", "offsets"), ("p", "points"))}  # type: ignore[arg-type]

    def found(picture: tuple[int, int] | None, labels: int = 1, height: int = 5, **maps: int) -> list[str]:
        inputs = [Tensor("x", 1, 3, *picture)] if picture else []
        outputs = [Tensor("y", 1, labels, 5, 7), *(Tensor(name, 1, count, height, 7) for name, count in maps.items())]
        tensors = {**known, **({"x": Image()} if picture else {})}
        return list(problems(Metadata(tensors={n: m for n, m in tensors.items() if n in {"x", "y", *maps}}), inputs, outputs))

    all_maps = {"o": 2, "p": 10, "s": 2}
    assert [found((height, 56), **all_maps) for height in (33, 40, 47)] == [[]] * 3
    assert found((48, 56), **all_maps) == ["output y [1, 1, 5, 7] has 5 x 7 cells, and 6 x 7 of 8 pixels cover a picture of 48 x 56"]
    assert found(None, **all_maps) == ["output y [1, 1, 5, 7] has cells of a picture, and no input is said to be one"]
    assert found((40, 56), labels=2, **all_maps) == [
        "output y [1, 2, 5, 7] is not centers as metadata say: there are 1 labels for 2 numbers"
    ]
    wrong = "output y [1, 1, 5, 7] has no {} of its cells: no output of shape [..., {}, 5, 7] is a geometry that holds them"
    assert found((40, 56), s=2, o=2) == found((40, 56), s=2, o=2, p=8) == [wrong.format("points", 10)]
    lacking = [wrong.format(name, count) for name, count in (("sizes", 2), ("offsets", 2), ("points", 10))]
    assert found((40, 56)) == found((40, 56), height=4, **all_maps) == lacking


def test_levels_that_are_none() -> None:
    def found(cells: int, picture: tuple[int, ...] = (5, 7), labels: int = 1, **more: Any) -> list[str]:
        told = {"x": Image(), "y": Level(names=("a",), stride=2), **more.pop("told", {"z": Sides()})}
        inputs = [Tensor("x", 1, 3, *picture)]
        outputs = [Tensor("y", 1, cells, labels), *(Tensor(name, 1, *more.get(name, (cells, 8))) for name in told if name > "y")]
        return list(problems(Metadata(tensors=told), inputs, outputs))

    assert found(12) == []
    assert found(11) == ["output y [1, 11, 1] has 11 cells, and 3 x 4 of 2 pixels cover a picture of 5 x 7"]
    assert found(12, labels=2) == ["output y [1, 12, 2] is not level as metadata say: there are 1 labels for 2 numbers"]
    lacking = "output y [1, 12, 1] has no sides of boxes: no output of as many cells is said to be sides"
    assert found(12, told={}) == found(12, z=(11, 8)) == [lacking]
    (wrong,) = found(12, z=(12, 6))
    assert wrong.endswith("is not sides as metadata say: each cell has four sides, each of which has two distances or more")
    other = {"z": Sides(), "zz": Level(names=("b",), stride=4), "zzz": Sides()}
    several = found(12, told=other, zz=(4, 1), zzz=(4, 8))
    assert [problem.split("] ")[1] for problem in several] == ["has other labels than another level"] * 2
    nowhere = list(
        problems(Metadata(tensors={"y": Level(names=("a",), stride=2), "z": Sides()}), [], [Tensor("y", 1, 4, 1), Tensor("z", 1, 4, 8)])
    )
    assert nowhere == ["output y [1, 4, 1] has cells of a picture, and no input is said to be one"]


def test_boxes_in_cells_have_nothing_more() -> None:
    masks, points = Detections(names=("a",), form="cells", coefficients=4), Detections(names=("a",), form="cells", points=Points(count=2))
    for meaning in (masks, points):
        assert list(meaning.problems((1, 21, 10))) == ["boxes in cells have neither points nor masks"]


def test_points_of_centers() -> None:
    wrong = Centers(names=("a",), points=Points(count=2, names=("left",), scored=True))
    assert list(wrong.problems((1, 1, 5, 5))) == ["there are 1 names for 2 points", "points of centers have no scores"]
    assert list(Centers(names=("a",)).problems((5, 5))) == ["there is no axis -3"]


def test_what_no_object_has() -> None:
    points = Points(count=2, names=("left",))
    assert list(Detections(names=("a",), points=points).problems((1, 9, 20))) == ["there are 1 names for 2 points"]
    both = Detections(names=("a",), points=Points(count=2), coefficients=3)
    assert list(both.problems((1, 12, 20))) == ["objects have points or masks, not both"]


def test_channels_that_a_picture_does_not_have() -> None:
    (problem,) = Image(mean=(1.0, 2.0)).problems((1, 3, 5, 5))
    assert problem == "mean has 2 values for 3 channels"

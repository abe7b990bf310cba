"""What is written beside a module for a task, and where nothing is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from click.testing import CliRunner

import cli
from converters.joining import joined
from tests.described.graphs import graph_of
from tests.javascript.written import HOSTILE
from webnn_graph import GraphBuilder
from webnn_graph.formats import is_written_here, save, save_sizes
from webnn_graph.formats.javascript import COMPACT
from webnn_graph.formats.task import files, task_of
from webnn_graph.formats.ways import RESAMPLING, WAYS
from webnn_graph.graph import Graph
from webnn_graph.metadata import (
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
    Metadata,
    Points,
    Prototypes,
    Regions,
    Regression,
    Sides,
    Speech,
    State,
    Target,
    Tokens,
)
from webnn_graph.sizes import convert_sizes
from webnn_graph.spectrogram import Spectrogram

IMAGE = {"x": (1, 3, 8, 8)}
TOKENS = {"x": (1, 9), "m": (1, 9)}
TOKENIZER = ("model.tokenizer.json",)
NAMES = ("cat", "dog", "bird")
VALUES = Regression(targets=tuple(Target(name=name) for name in NAMES))
FILE, ENDS = {"x": (1, 7)}, Bytes(block=6, first=4, last=3)
PICTURE = Image()
SOUND, HEARD = {"x": (1, 80)}, Audio(sampling_rate=8000)


def meaning(graph: Graph, **tensors: Any) -> Graph:
    return replace(graph, metadata=Metadata(tensors=tensors).document())


def drawing() -> Graph:
    """What takes noise, too, which is drawn."""
    b = GraphBuilder("network")
    x, noise = b.input("x", "float32", [1, 3, 8, 8]), b.input("noise", "float32", [1], "normal")
    return b.build({"y": b.add(b.reduceSum(x), b.mul(noise, np.zeros(3, np.float32)))})


def centers(points: int = 0, batch: int = 1, cells: int = 2, **held: Any) -> Graph:
    """A heat map of a picture, and what others say of its cells."""
    outputs = {"y": (batch, 3, 2, 2), **{name: (batch, 2 * points if name == "p" else 2, 2, cells) for name in held}}
    tensors = {name: Geometry(holds=holds) for name, holds in held.items()}
    meanings = {"x": PICTURE, "y": Centers(names=NAMES, points=Points(count=points) if points else None), **tensors}
    return meaning(graph_of(IMAGE, outputs), **meanings)


def levels(cells: dict[int, int], batch: int = 1) -> Graph:
    """Scores and sides of the cells of grids, by their sides."""
    outputs = {f"{name}{side}": (batch, count, size) for side, count in cells.items() for name, size in (("y", 3), ("z", 8))}
    told = {name: Level(names=NAMES, stride=int(name[1:])) if name[0] == "y" else Sides() for name in outputs}
    return meaning(graph_of(IMAGE, outputs), x=PICTURE, **told)


ROWS: dict[str, tuple[Graph, str]] = {
    "labels": (meaning(graph_of(IMAGE, {"y": (1, 3)}), x=PICTURE, y=Labels(names=NAMES)), "classify"),
    "labels in 4 axes": (meaning(graph_of(IMAGE, {"y": (1, 3, 1, 1)}), x=PICTURE, y=Labels(names=NAMES, axis=1)), "classify"),
    "labels among others": (meaning(graph_of(IMAGE, {"z": (1, 5), "y": (3,)}), x=PICTURE, y=Labels(names=NAMES)), "classify"),
    "random noise": (meaning(drawing(), x=PICTURE, y=Labels(names=NAMES)), "classify"),
    "boxes and labels": (
        meaning(graph_of(IMAGE, {"y": (1, 9, 3), "z": (1, 9, 4)}), x=PICTURE, y=Labels(names=NAMES), z=Boxes()),
        "boxes",
    ),
    "detections": (meaning(graph_of(IMAGE, {"y": (1, 7, 9)}), x=PICTURE, y=Detections(names=NAMES)), "detections"),
    "final detections": (
        meaning(graph_of(IMAGE, {"y": (1, 9, 6)}), x=PICTURE, y=Detections(names=NAMES, form="final")),
        "final",
    ),
    "levels": (levels({2: 16, 4: 4}), "levels"),
    "levels of other cells": (levels({2: 15}), ""),
    "levels of two pictures": (levels({2: 16}, batch=2), ""),
    "levels without sides": (meaning(graph_of(IMAGE, {"y": (1, 16, 3)}), x=PICTURE, y=Level(names=NAMES, stride=2)), ""),
    "a box for each cell": (
        meaning(graph_of(IMAGE, {"y": (1, 1, 8)}), x=PICTURE, y=Detections(names=NAMES, form="cells")),
        "cells",
    ),
    "boxes for other cells": (meaning(graph_of(IMAGE, {"y": (1, 2, 8)}), x=PICTURE, y=Detections(names=NAMES, form="cells")), ""),
    "points": (meaning(graph_of(IMAGE, {"y": (1, 13, 20)}), x=PICTURE, y=Detections(names=NAMES, points=Points(count=3))), "points"),
    "final points": (
        meaning(graph_of(IMAGE, {"y": (1, 9, 9)}), x=PICTURE, y=Detections(names=NAMES, form="final", points=Points(count=1, scored=True))),
        "final points",
    ),
    "masks": (
        meaning(
            graph_of(IMAGE, {"y": (1, 11, 20), "z": (1, 4, 2, 2)}), x=PICTURE, y=Detections(names=NAMES, coefficients=4), z=Prototypes()
        ),
        "instances",
    ),
    "final masks": (
        meaning(
            graph_of(IMAGE, {"z": (4, 2, 2), "y": (1, 9, 10)}),
            x=PICTURE,
            y=Detections(names=NAMES, form="final", coefficients=4),
            z=Prototypes(),
        ),
        "final instances",
    ),
    "masks of two pictures": (
        meaning(
            graph_of(IMAGE, {"y": (1, 11, 20), "z": (2, 4, 2, 2)}), x=PICTURE, y=Detections(names=NAMES, coefficients=4), z=Prototypes()
        ),
        "",
    ),
    "centers": (centers(o="offsets", s="sizes"), "centers"),
    "centers with points": (centers(5, s="sizes", o="offsets", p="points"), "centers with points"),
    "centers without points": (centers(5, s="sizes", o="offsets"), ""),
    "centers of two pictures": (centers(batch=2, s="sizes", o="offsets"), ""),
    "centers of other cells": (centers(cells=3, s="sizes", o="offsets"), ""),
    "characters": (meaning(graph_of(IMAGE, {"y": (1, 9, 3)}), x=PICTURE, y=Characters(names=NAMES)), "recognize"),
    "labels of a sound": (meaning(graph_of(SOUND, {"y": (1, 3)}), x=HEARD, y=Labels(names=NAMES)), "classifyAudio"),
    "a sound in three axes": (meaning(graph_of({"x": (1, 1, 80)}, {"y": (1, 3)}), x=HEARD, y=Labels(names=NAMES)), "classifyAudio"),
    "letters of a sound": (meaning(graph_of(SOUND, {"y": (1, 9, 3)}), x=HEARD, y=Characters(names=NAMES)), "transcribe"),
    "speech": (meaning(graph_of(SOUND, {"y": (1, 1)}), x=HEARD, y=Speech()), "hear"),
    "speech with states": (
        meaning(graph_of({**SOUND, "w": (2, 3)}, {"y": (1, 1), "z": (2, 3)}), x=HEARD, y=Speech(), z=State(input="w")),
        "hear",
    ),
    "speech with an input that is no state": (meaning(graph_of({**SOUND, "w": (2, 3)}, {"y": (1, 1)}), x=HEARD, y=Speech()), ""),
    "a spectrogram": (
        meaning(
            graph_of({"x": (1, 9, 8)}, {"y": (1, 3)}),
            x=Audio(sampling_rate=8000, spectrogram=Spectrogram(length=64, hop=32, mels=8)),
            y=Labels(names=NAMES),
        ),
        "",
    ),
    "two sounds": (meaning(graph_of({"x": (2, 80)}, {"y": (1, 3)}), x=HEARD, y=Labels(names=NAMES)), ""),
    "nothing": (graph_of(IMAGE, {"y": (1, 3)}), ""),
    "labels of no picture": (meaning(graph_of(IMAGE, {"y": (1, 3)}), y=Labels(names=NAMES)), ""),
    "a picture alone": (meaning(graph_of(IMAGE, {"y": (1, 3)}), x=PICTURE), ""),
    "another input": (meaning(graph_of({**IMAGE, "w": (1,)}, {"y": (1, 3)}), x=PICTURE, y=Labels(names=NAMES)), ""),
    "two pictures": (meaning(graph_of({"x": (2, 3, 8, 8)}, {"y": (1, 3)}), x=PICTURE, y=Labels(names=NAMES)), ""),
    "labels of pixels": (meaning(graph_of(IMAGE, {"y": (1, 3, 8, 8)}), x=PICTURE, y=Labels(names=NAMES, axis=1)), "segment"),
    "labels of pixels, last": (meaning(graph_of(IMAGE, {"y": (1, 8, 8, 3)}), x=PICTURE, y=Labels(names=NAMES)), "segment"),
    "labels of tokens": (meaning(graph_of(IMAGE, {"y": (1, 8, 3)}), x=PICTURE, y=Labels(names=NAMES)), ""),
    "a mask": (meaning(graph_of(IMAGE, {"y": (1, 8, 8)}), x=PICTURE, y=Mask(names=NAMES)), "segment"),
    "two masks": (meaning(graph_of(IMAGE, {"y": (2, 8, 8)}), x=PICTURE, y=Mask(names=NAMES)), ""),
    "a vector": (meaning(graph_of(IMAGE, {"y": (1, 8, 1, 1)}), x=PICTURE, y=Embedding()), "embed"),
    "vectors of tokens": (meaning(graph_of(IMAGE, {"y": (1, 9, 8)}), x=PICTURE, y=Embedding(pooling="first")), "embed"),
    "two vectors": (meaning(graph_of(IMAGE, {"y": (2, 8)}), x=PICTURE, y=Embedding()), ""),
    "boxes of other things": (
        meaning(graph_of(IMAGE, {"y": (1, 8, 3), "z": (1, 9, 4)}), x=PICTURE, y=Labels(names=NAMES), z=Boxes()),
        "",
    ),
    "boxes alone": (meaning(graph_of(IMAGE, {"z": (1, 9, 4)}), x=PICTURE, z=Boxes()), ""),
    "a text": (
        meaning(graph_of(TOKENS, {"y": (1, 3)}), x=Tokens(), m=Tokens(holds="mask"), y=Labels(names=NAMES)),
        "classify",
    ),
    "the vector of a text": (
        meaning(graph_of(TOKENS, {"y": (1, 9, 8)}), x=Tokens(), m=Tokens(holds="mask"), y=Embedding(pooling="mean")),
        "embed",
    ),
    "a text with an input that is none of its tokens": (meaning(graph_of(TOKENS, {"y": (1, 3)}), x=Tokens(), y=Labels(names=NAMES)), ""),
    "two texts": (meaning(graph_of({"x": (2, 9)}, {"y": (1, 3)}), x=Tokens(), y=Labels(names=NAMES)), ""),
    "a mask without tokens": (meaning(graph_of({"m": (1, 9)}, {"y": (1, 3)}), m=Tokens(holds="mask"), y=Labels(names=NAMES)), ""),
    "texts of other lengths": (
        meaning(graph_of({"x": (1, 9), "m": (1, 8)}, {"y": (1, 3)}), x=Tokens(), m=Tokens(holds="mask"), y=Labels(names=NAMES)),
        "",
    ),
    "values of a picture": (meaning(graph_of(IMAGE, {"y": (3,)}), x=PICTURE, y=VALUES), "measure"),
    "values of a sound": (meaning(graph_of(SOUND, {"y": (1, 3)}), x=HEARD, y=VALUES), "measure"),
    "values of a text": (meaning(graph_of(TOKENS, {"y": (1, 3)}), x=Tokens(), m=Tokens(holds="mask"), y=VALUES), "measure"),
    "values of each step": (meaning(graph_of(SOUND, {"y": (1, 5, 3)}), x=HEARD, y=VALUES), ""),
    "labels of a file": (meaning(graph_of(FILE, {"y": (1, 3)}), x=ENDS, y=Labels(names=NAMES)), "classify"),
    "values of a file": (meaning(graph_of(FILE, {"y": (1, 3)}), x=ENDS, y=VALUES), "measure"),
    "the vector of a file": (meaning(graph_of(FILE, {"y": (1, 8)}), x=ENDS, y=Embedding()), "embed"),
    "two files": (meaning(graph_of({"x": (2, 7)}, {"y": (1, 3)}), x=ENDS, y=Labels(names=NAMES)), ""),
    "a file with another input": (meaning(graph_of({**FILE, "w": (1,)}, {"y": (1, 3)}), x=ENDS, y=Labels(names=NAMES)), ""),
    "regions": (meaning(graph_of(IMAGE, {"y": (1, 1, 8, 8)}), x=PICTURE, y=Regions()), "regions"),
    "regions of two pictures": (meaning(graph_of(IMAGE, {"y": (2, 1, 8, 8)}), x=PICTURE, y=Regions()), ""),
    "a depth": (meaning(graph_of(IMAGE, {"y": (8, 8)}), x=PICTURE, y=Depth()), "depth"),
    "depths": (meaning(graph_of(IMAGE, {"y": (2, 8, 8)}), x=PICTURE, y=Depth()), ""),
}
"""Graphs, and how they answer."""


@pytest.mark.parametrize(("graph", "way"), ROWS.values(), ids=ROWS)
def test_a_module_is_written_where_metadata_say_enough(graph: Graph, way: str, tmp_path: Path) -> None:
    task = task_of(graph, TOKENIZER)
    assert (task.way if task else "") == way
    names = [path.name for path in save(graph, tmp_path / "model.js", tokenizer=TOKENIZER)]
    beside = ["model.task.js", "model.task.d.ts"] if way else []
    assert [name for name in names if ".task." in name] == beside
    assert all(is_written_here(tmp_path / name) for name in names)


def test_bytes_of_a_canvas_are_made_by_less(tmp_path: Path) -> None:
    """Than numbers; both where something is done with bytes that the graph does not do."""
    plain, compact = ROWS["labels"][0], json.loads(COMPACT.read_text())
    graph = joined(plain, preprocessing=True).graph
    scaled = replace(
        graph, metadata=Metadata(tensors={"x": Image(channels="rgba", layout="nhwc", scale=0.5), "y": Labels(names=NAMES)}).document()
    )
    texts = [files(made, "model")["model.task.js"] for made in (plain, graph, scaled)]
    assert [(compact["bytes"] in text, compact["preparing"] in text) for text in texts] == [(False, True), (True, False), (False, True)]
    assert len(texts[1]) < len(texts[0]) - 800


@pytest.mark.parametrize("resample", get_args(get_type_hints(Image)["resample"]))
def test_one_filter_is_written(resample: Any) -> None:
    compact = json.loads(COMPACT.read_text())
    text = files(meaning(ROWS["labels"][0], x=Image(resample=resample), y=Labels(names=NAMES)), "model")["model.task.js"]
    wanted = resample if resample in RESAMPLING else "resampling"
    assert [name for name in ("resampling", *RESAMPLING) if compact[name] in text] == [wanted]


def test_each_way_is_written() -> None:
    assert {way for _, way in ROWS.values() if way} == set(WAYS)


def test_only_what_is_needed_is_written() -> None:
    """Modules of other objects have nothing of points and masks."""
    compact = json.loads(COMPACT.read_text())
    texts = {way: files(graph, "model")["model.task.js"] for graph, way in ROWS.values() if way in ("detections", "points", "instances")}
    for way, text in texts.items():
        assert [compact[name] in text for name in ("detecting", "points", "instances")] == [True, way == "points", way == "instances"]
        assert ("MOST_MASKED" in text) == (way == "instances")


@pytest.mark.parametrize("text", HOSTILE)
def test_names_do_not_break_out(text: str, tmp_path: Path) -> None:
    b = GraphBuilder(text)
    graph = b.build({"y": b.reshape(b.reduceSum(b.input("x", "float32", [1, 3, 8, 8])), [1])})
    save(meaning(graph, x=PICTURE, y=Labels(names=(text[:1],))), tmp_path / "model.js")
    for suffix in ("js", "d.ts"):
        first, _, rest = (tmp_path / f"model.task.{suffix}").read_text("utf-8").partition("\n")
        assert first.startswith("// ") and first.isascii() and "alert" not in rest


def test_sizes_have_none_together(tmp_path: Path) -> None:
    def make(dims: Any) -> Graph:
        return meaning(graph_of({"x": (1, 3, dims["n"], 8)}, {"y": (1, 3)}), x=PICTURE, y=Labels(names=NAMES))

    save_sizes(convert_sizes(make, {"n": [8, 16]}), tmp_path / "model.js")
    assert not list(tmp_path.glob("*.task.*"))


def test_files_of_others_are_not_written_over(tmp_path: Path) -> None:
    save(ROWS["labels"][0], tmp_path / "model.json")
    (tmp_path / "model.task.js").write_text("mine")
    result = CliRunner().invoke(cli.webnn2js, [str(tmp_path / "model.json"), "-o", str(tmp_path)])
    assert result.exit_code == 1 and "model.task.js already exists" in result.stderr
    assert (tmp_path / "model.task.js").read_text() == "mine" and not (tmp_path / "model.js").exists()
    forced = CliRunner().invoke(cli.webnn2js, [str(tmp_path / "model.json"), "-o", str(tmp_path), "--force"])
    assert forced.exit_code == 0 and "model.task.js" in forced.output and "model.task.d.ts" in forced.output


def test_a_task_that_is_no_more_is_removed(tmp_path: Path) -> None:
    save(ROWS["labels"][0], tmp_path / "model.js")
    (tmp_path / "model.task.d.ts").write_text("// mine\n")
    assert [path.name for path in save(ROWS["nothing"][0], tmp_path / "model.js")] == ["model.js", "model.d.ts", "model.safetensors"]
    assert not (tmp_path / "model.task.js").exists() and (tmp_path / "model.task.d.ts").read_text() == "// mine\n"

"""Errors know their place as data; it becomes text where they are shown."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from webnn_graph import GraphBuilder, load
from webnn_graph.errors import ConversionError, FormatError, ValidationError, WebNNError, Where
from webnn_graph.formats import json, text
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.validation import validate

FILE = Where("m.webnn", 3, 5, excerpt="\n  y = relu(x);\n      ^")
SAID: list[tuple[Where, str]] = [
    (Where(), "is wrong"),
    (Where("m.onnx"), "m.onnx: is wrong"),
    (Where("m.json", member="nodes[3]"), "m.json: nodes[3]: is wrong"),
    (Where(node="/head/MatMul"), "/head/MatMul: is wrong"),
    (Where(tensor="input x"), "input x: is wrong"),
    (FILE, "m.webnn:3:5: is wrong\n  y = relu(x);\n      ^"),
    (Where("m", 3, node="n", tensor="t", op="add"), "m:3: n: t: add: is wrong"),
]


@pytest.mark.parametrize(("where", "said"), SAID)
def test_the_place_is_said_before_what_is_wrong(where: Where, said: str) -> None:
    error = FormatError("is wrong", "mend --dim n=2", where)
    assert error.message == said
    assert str(error) == f'{said}\nhint: mend dims={{"n": 2}}'
    assert error.text() == f"{said}\nhint: mend --dim n=2"


WITHIN: list[tuple[Where, Where, Where]] = [
    (Where(node="n"), FILE, Where("m.webnn", 3, 5, node="n", excerpt=FILE.excerpt)),
    (Where(node="inner"), Where(node="outer", tensor="t"), Where(node="inner", tensor="t")),
    (Where("inner", node="n"), FILE, Where("inner", node="n")),
    (Where("inner", 7), Where("outer", 3, 5, "part", "n"), Where("inner", 7, node="n")),
    (Where(member="data.pkl"), Where("m.pt"), Where("m.pt", member="data.pkl")),
]


@pytest.mark.parametrize(("inner", "outer", "expected"), WITHIN)
def test_a_place_is_completed_from_around_it_and_never_mixes_files(inner: Where, outer: Where, expected: Where) -> None:
    error = ConversionError("is wrong", "hint", inner)
    assert error.at(outer) is error
    assert (error.where, error.what, error.hint) == (expected, "is wrong", "hint")


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
def test_copies_are_whole(again: Callable[[WebNNError], WebNNError]) -> None:
    error = again(ValidationError("is wrong", "hint").at(FILE))
    assert (type(error), error.what, error.hint, error.where) == (ValidationError, "is wrong", "hint", FILE)


def in_builder(folder: Path) -> None:
    b = GraphBuilder()
    with b.source("/encoder/Add"):
        b.add(b.input("x", "float32", [2]), b.input("y", "float32", [3]))


def in_graph(folder: Path) -> None:
    x, y = Operand("float32", (2,), "x"), Operand("float32", (3,), "y")  # type: ignore[arg-type]
    validate(Graph("g", (x,), {}, (Node("neg", {"input": x}, (y,)),), (y,)))


def in_text(folder: Path) -> None:
    (folder / "m.webnn").write_text(
        'webnn_graph "t" v1 {\n inputs { x: f32[2]; }\n nodes { [y] = relu(x, label="first");\n z = split(x, 3); }\n}'
    )
    load(folder / "m.webnn")


def in_json(folder: Path) -> None:
    json.read('{"format": "webnn-graph-json", "version": 2, "nodes": [{"op": 3}]}', "m.json")


def in_text_form(folder: Path) -> None:
    text.read('webnn_graph "t" v1 {\n  nodes {\n    y = relu(x;\n', "m.webnn")


PLACES: list[tuple[Callable[[Path], None], type[WebNNError], dict[str, object]]] = [
    (in_builder, ValidationError, {"node": "/encoder/Add", "op": "add"}),
    (in_graph, ValidationError, {"node": "neg (y)"}),
    (in_text, ValidationError, {"line": 4, "column": 2, "op": "split"}),
    (in_text_form, FormatError, {"file": "m.webnn", "line": 3, "column": 15}),
    (in_json, FormatError, {"file": "m.json"}),
]


@pytest.mark.parametrize(("read", "kind", "place"), PLACES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_raises_knows_the_place(
    tmp_path: Path, read: Callable[[Path], None], kind: type[WebNNError], place: dict[str, object]
) -> None:
    with pytest.raises(kind) as caught:
        read(tmp_path)
    where = caught.value.where
    assert {name: getattr(where, name) for name in place} == place
    assert not any(f"{part}: " in caught.value.what for part in place.values())

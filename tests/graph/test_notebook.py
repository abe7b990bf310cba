"""Graphs as functions and as pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from webnn_graph import Graph, GraphBuilder
from webnn_graph.errors import ExecutionError


def adding(*names: str, data_type: str = "float32") -> Graph:
    """A graph of the sum of its inputs, which have two elements."""
    b = GraphBuilder("sum")
    first, *rest = [b.input(name, data_type, [2]) for name in names]
    total = b.add(first, first)
    for operand in rest:
        total = b.add(total, operand)
    return b.build({"total": total})


class Tensor:
    """Another library's tensor, which says how it becomes an array."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.dtype = error, "theirs"

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.error:
            raise self.error
        return np.float32([1, 2])


X = np.float32([1, 2])
CALLS = [
    (adding("x"), (X,), {}, [2, 4]),
    (adding("x"), (), {"x": X}, [2, 4]),
    (adding("x"), ({"x": X},), {}, [2, 4]),
    (adding("x"), ([1, 2],), {}, [2, 4]),
    (adding("x"), ([0.5, 2],), {}, [1, 4]),
    (adding("x"), (Tensor(),), {}, [2, 4]),
    (adding("x", "y"), (), {"y": X, "x": X}, [3, 6]),
    (adding("x", "y"), ({"x": X},), {"y": X}, [3, 6]),
    (adding("self", "inputs"), (), {"self": X, "inputs": X}, [3, 6]),
    (adding("graph"), (), {"graph": X}, [2, 4]),
    (adding("i", data_type="int32"), ([1, 2],), {}, [2, 4]),
]


@pytest.mark.parametrize(("graph", "args", "named", "expected"), CALLS)
def test_a_graph_is_a_function(graph: Graph, args: tuple[Any, ...], named: dict[str, Any], expected: list[float]) -> None:
    outputs = graph(*args, **named)
    assert {name: array.tolist() for name, array in outputs.items()} == {"total": expected}


def test_booleans_are_uint8() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.logicalNot(b.input("x", "uint8", [2]))})
    assert graph(np.array([True, False]))["y"].tolist() == [0, 1]
    assert graph([True, False])["y"].tolist() == [0, 1]


WRONG = [
    (("x",), (), {}, "the input x: float32[2] is missing", ""),
    (("x",), (), {"z": X}, "the graph has no input 'z'", "its inputs are x float32[2]"),
    (("x",), ({1: X},), {}, "the graph has no input '1'", "its inputs are x float32[2]"),
    (("image",), (), {"imag": X}, "the graph has no input 'imag'", "did you mean image? its inputs are image float32[2]"),
    (("x",), ({"x": X},), {"x": X}, "the input x is given twice", ""),
    (("x",), (np.float64([1, 2]),), {}, "the input x: float32[2] was given float64", "convert it: array.astype('float32')"),
    (("x",), (np.float32([1, 2, 3]),), {}, "the input x: float32[2] was given shape [3]", ""),
    (("x",), (7,), {}, "the input x: float32[2] was given shape []", ""),
    (("x",), ([[1], [2, 3]],), {}, "the value for the input x: float32[2] is no array: setting an array element", ""),
    (("x",), (Tensor(RuntimeError("requires grad\nlong")),), {}, "the value for the input x: float32[2] is no array: requires grad", ""),
    (
        ("x", "y"),
        (X,),
        {},
        "a value without a name is for graphs with one input; this one takes x float32[2], y float32[2]",
        "give values by name: graph(x=..., y=...)",
    ),
    (
        tuple("abcdefgh"),
        (X,),
        {},
        (
            "a value without a name is for graphs with one input; this one takes a float32[2], b float32[2], c float32[2], d float32[2], "
            "e float32[2], f float32[2] and 2 more"
        ),
        "give values by name: graph(a=..., b=..., c=..., ...)",
    ),
]


@pytest.mark.parametrize(("names", "args", "named", "message", "hint"), WRONG)
def test_wrong_values_are_told_what_there_is(
    names: tuple[str, ...], args: tuple[Any, ...], named: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ExecutionError) as raised:
        adding(*names)(*args, **named)
    assert raised.value.message.startswith(message)
    assert raised.value.hint == hint


@pytest.mark.filterwarnings("error")
def test_a_number_beyond_the_type_is_an_error_without_a_warning() -> None:
    with pytest.raises(ExecutionError, match=r"the input i: int64\[2\] was given"):
        adding("i", data_type="int64")([2**63, 1])


def test_lists_do_not_lose_what_a_type_has_not() -> None:
    graph = adding("i", data_type="int32")
    for value in ([0.5, 1], [2**40, 1]):
        with pytest.raises(ExecutionError, match=r"the input i: int32\[2\] was given"):
            graph(value)


# ------------------------------------------------------------------------------------------------------------------- pages
class Page(HTMLParser):
    """The texts and tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style"}

    def handle_data(self, data: str) -> None:
        self.texts += filter(None, [data.strip()])


@pytest.fixture(autouse=True)
def _without_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webnn_graph.notebook.inline", lambda graph: "")


def test_a_page_shows_interface_and_operators() -> None:
    page = Page(adding("x", "y")._repr_html_())
    assert page.texts == [
        "sum: 2 operators, 0 B of weights",
        *("name", "type and shape", "size"),
        *("input", "x", "float32[2]", "8 B"),
        *("input", "y", "float32[2]", "8 B"),
        *("output", "total", "float32[2]", "8 B"),
        *("add", "2"),
    ]


def test_names_are_text_in_a_page() -> None:
    b = GraphBuilder("<script>alert(1)</script>\"'&")
    page = b.build({"y": b.relu(b.input("x", "float32", [2]))})._repr_html_()
    assert "<script" not in page
    assert "<script>alert(1)</script>\"'&: 1 operator, 0 B of weights" in Page(page).texts
    assert Page(page).tags == {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "code", "span"}


def test_a_page_of_a_large_interface_is_small() -> None:
    page = adding(*(f"{'long' * 400}_{i}" for i in range(500)))._repr_html_()
    assert "480 more inputs" in Page(page).texts
    assert len(page) < 20_000
    assert not re.search(r"\S{200}", page)

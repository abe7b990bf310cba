"""A conversion that fails says everything that is wrong at once, whatever a handler raises."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import onnx
import pytest
import torch
from torch import nn

from converters.onnx import convert as convert_onnx
from converters.onnx import registry as of_onnx
from converters.problems import Report
from converters.random_numbers import HINT
from converters.torch import convert as convert_torch
from converters.torch import registry as of_torch
from webnn_graph.errors import BudgetExceeded, ConversionError, FormatError, ValidationError, WebNNError
from webnn_graph.hints import in_python


class Part(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) + torch.randn(4)


class Reader(nn.Module):
    """Reads a constant of a type that WebNN lacks, and makes one."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(4, dtype=torch.complex64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.view_as_real(x * self.scale).sum(-1) + x.to(torch.float8_e4m3fn).to(torch.float32)


class Chooser(nn.Module):
    """Has graphs in its graph, in which most of its nodes and all problems are."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda x: x + sum(torch.randn(4) for _ in range(20)), lambda x: x + 1, (x,))


def from_torch(module: nn.Module, *sizes: int) -> WebNNError:
    with pytest.raises(WebNNError) as caught:
        convert_torch(module.eval(), (torch.rand(sizes),))
    return caught.value


ONNX = """<ir_version: 10, opset_import: ["" : 18]> model (float[2, 3] x) => (float[2, 3] z) {
    [before] a = Frobnicate(x)
    [middle] b = Tanh(x)
    [after] c = Blend(b)
    [last] z = Sum(a, b, c)
}"""


def from_onnx() -> WebNNError:
    with pytest.raises(WebNNError) as caught:
        convert_onnx(onnx.parser.parse_model(ONNX))
    return caught.value


def raising(error: Exception) -> Callable[..., Any]:
    def handler(b: Any, input: Any) -> Any:
        raise error

    return handler


def plant(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Gives both frontends a handler of tanh that raises."""
    overload = torch.ops.aten.tanh.default
    monkeypatch.delitem(of_torch.HANDLERS, overload)
    of_torch.aten_op(overload, how="raises")(raising(error))
    monkeypatch.setitem(of_onnx.HANDLERS, ("", "Tanh"), [])
    of_onnx.onnx_op("Tanh", how="raises")(raising(error))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("lost"), "unexpected KeyError: 'lost'"),
        (AssertionError("wrong"), "unexpected AssertionError: wrong"),
        (StopIteration(), "unexpected StopIteration: "),
        (RecursionError("deep"), "unexpected RecursionError: deep"),
        (ConversionError("is odd"), "is odd"),
        (ValidationError("breaks a rule"), "breaks a rule"),
        (FormatError("is damaged"), "is damaged"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_whatever_one_node_raises_the_others_are_reported_with_it(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    plant(monkeypatch, error)
    lines = str(from_torch(nn.Sequential(nn.Linear(4, 4), Part(), nn.Sequential(Part())), 4, 4)).split("\n")
    assert lines[0].startswith("2 operators of Sequential cannot be converted; ")
    assert f"  aten.tanh.default x2   1, 2.0: {said}" in lines
    assert "  aten.randn.default x2  1, 2.0: its result is random; WebNN has no random numbers" in lines
    lines = str(from_onnx()).split("\n")
    assert lines[0] == "3 operators of model (opset 18) cannot be converted; 1 of 4 nodes can"
    assert "  Frobnicate x1  before: operator is not known" in lines
    assert f"  Tanh x1        middle: {said}" in lines
    assert "  Blend x1       after: operator is not known" in lines


@pytest.mark.parametrize("error", [MemoryError(), BudgetExceeded("the conversion takes too much")], ids=["memory", "budget"])
def test_what_no_other_node_would_fare_better_with_ends_the_conversion(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    plant(monkeypatch, error)
    for failed in (from_torch(Part(), 4), from_onnx()):
        assert isinstance(failed, BudgetExceeded)
        assert "operators of" not in str(failed)


def test_tensors_of_types_that_webnn_lacks_are_problems_of_the_nodes_that_read_or_make_them() -> None:
    said = str(from_torch(nn.Sequential(Part(), Reader()), 4))
    assert "aten.randn.default x1     0: its result is random" in said
    assert "aten.mul.Tensor x1        1: 1.scale: WebNN has no equivalent of torch.complex64" in said
    assert "aten._to_copy.default x1  1: WebNN has no equivalent of torch.float8_e4m3fn" in said


CUTS = """<ir_version: 10, opset_import: ["" : 18]> model (float[2] x, float[2] s) => (float[n] y) {
    [noise] a = RandomNormalLike(x)
    [more] b = RandomNormalLike(s)
    [unique] y = Unique(a)
    [sum] z = Add(a, b)
}"""


def test_hints_stand_beside_their_nodes_in_the_spelling_of_the_reader() -> None:
    with pytest.raises(Report) as caught:
        convert_onnx(onnx.parser.parse_model(CUTS), outputs=["y", "z"])
    assert caught.value.text().split("\n")[1:] == [
        "  RandomNormalLike x2  noise, more: its result is random; WebNN has no random numbers",
        f"                       hint: {HINT}; or feed them as an input: --input a --input b",
        "  Unique x1            unique: how many values are different depends on the data; WebNN has static shapes only",
        "                       hint: end the graph before it: --output z --output a",
    ]
    assert f'\n                       hint: {in_python(HINT)}; or feed them as an input: inputs=["a", "b"]\n' in str(caught.value)
    assert "hint" not in caught.value.message
    assert [(problem.where.node, problem.operator) for problem in caught.value.problems] == [
        ("noise", "RandomNormalLike"),
        ("more", "RandomNormalLike"),
        ("unique", "Unique"),
    ]


def test_a_hint_that_all_problems_share_stands_below_them() -> None:
    with pytest.raises(Report) as caught:
        convert_onnx(onnx.parser.parse_model(CUTS), outputs=["z"])
    assert caught.value.text().split("\n")[1:] == [
        "  RandomNormalLike x2  noise, more: its result is random; WebNN has no random numbers",
        f"hint: {HINT}; or feed them as an input: --input a --input b",
    ]


def test_nodes_of_graphs_in_a_graph_are_counted() -> None:
    head, problem, *_ = str(from_torch(Chooser(), 4)).split("\n")
    able, nodes = (int(word) for word in head.replace(" nodes can", "").rpartition("; ")[2].split(" of "))
    assert 0 < able == nodes - 20
    assert "aten.randn.default x20 " in problem


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
def test_a_report_comes_whole_out_of_another_process(again: Callable[[WebNNError], WebNNError]) -> None:
    report = from_torch(Part(), 4)
    assert isinstance(report, Report)
    assert str(again(report)) == str(report)

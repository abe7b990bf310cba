"""What registering a handler asks of it, in both frontends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, TypeAlias

import numpy as np
import onnx
import pytest
import torch

from converters.annotations import Array, Ints, Number
from converters.onnx import convert
from converters.onnx import registry as of_onnx
from converters.onnx.cuts import Cut
from converters.torch import registry as of_torch
from converters.torch.handlers import control_flow
from tests.frontends import without_future_import
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

Handler: TypeAlias = Callable[..., Any]
Shape: TypeAlias = tuple[int, ...]


def union(b: GraphBuilder, x: Operand, axes: Ints | None, number: Number | None, values: Array | None) -> Operand:
    b.note(repr((axes, number, values)))
    return b.relu(x)  # type: ignore[no-any-return]


def optional(b: GraphBuilder, x: Operand, axes: Optional[Ints], number: Optional[Number], values: Optional[Array]) -> Operand:  # noqa: UP045
    b.note(repr((axes, number, values)))
    return b.relu(x)  # type: ignore[no-any-return]


SPELLINGS = {
    "in a file without the import: plain": without_future_import.plain,
    "in a file without the import: union": without_future_import.union,
    "in a file without the import: Optional": without_future_import.optional,
    "union": union,
    "Optional": optional,
}
ONNX = """<ir_version: 10, opset_import: ["" : 18, "local" : 1]> model (float[2] x, int64[2] i) => (float[n] z)
<int64[1, 2] axes = {3, 4}, float number = {0.5}, float[1] values = {7}> { z = local.OP(x, NAMES) }"""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_input_that_must_be_known_is_read_however_its_annotation_is_spelled(monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    op = f"Known{list(SPELLINGS).index(spelling)}"
    monkeypatch.setitem(of_onnx.HANDLERS, ("local", op), [])
    of_onnx.onnx_op(op, domain="local", how="relu")(SPELLINGS[spelling])

    def model(names: str) -> onnx.ModelProto:
        return onnx.parser.parse_model(ONNX.replace("OP", op).replace("NAMES", names))

    assert convert(model("axes, number, values")).notes[0] == repr(([3, 4], 0.5, np.array([7], np.float32)))
    for names, missing in (("i, number, values", "axes"), ("axes, x, values", "number"), ("axes, number, x", "values")):
        with pytest.raises(ConversionError, match=f"input {missing} is computed at run time"):
            convert(model(names))
    absent = model("axes")
    absent.graph.node[0].input[1:] = ["", "", "values"]
    if "plain" in spelling:
        with pytest.raises(ConversionError, match="input axes, number is missing"):
            convert(absent)
    else:
        assert convert(absent).notes[0] == repr((None, None, np.array([7], np.float32)))


def test_the_torch_frontend_reads_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    overload = torch.ops.aten.index_select.default

    def index_select(b: GraphBuilder, input: Operand, dim: int, index: Ints) -> Any:
        b.note(repr((dim, index)))
        return b.gather(input, np.array(index), axis=dim)

    monkeypatch.delitem(of_torch.HANDLERS, overload)
    of_torch.aten_op(overload, how="gather")(index_select)

    from converters.torch import convert

    class Selected(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("rows", torch.tensor([2, 0]))

        def forward(self, x: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
            return torch.index_select(x, 0, self.rows if rows is None else rows)

    assert convert(Selected().eval(), (torch.rand(3, 2),)).notes[0] == repr((0, [2, 0]))
    with pytest.raises(ConversionError, match="input index is computed at run time"):
        convert(Selected().eval(), (torch.rand(3, 2), torch.tensor([1])))


OVERLOAD = torch.ops.aten.tanh.default


def registrations(how: str) -> dict[str, Callable[[Handler], Handler]]:
    """All ways to register a handler of one tensor."""
    return {
        "ONNX": of_onnx.onnx_op("Thing", domain="local", how=how),
        "ATen": of_torch.aten_op(OVERLOAD, how=how),
        "complex": of_torch.aten_op(OVERLOAD, how=how, table=of_torch.COMPLEX_HANDLERS),
        "library": of_torch.library_op("local::thing", how=how),
    }


def shape(b: GraphBuilder, input: Shape) -> Operand:
    raise AssertionError


def several(b: GraphBuilder, input: Operand | str) -> Operand:
    raise AssertionError


def unannotated(b, input):  # type: ignore[no-untyped-def]
    raise AssertionError


def unknown(b: GraphBuilder, input: Nonesuch) -> Operand:  # type: ignore[name-defined] # noqa: F821
    raise AssertionError


def missing_part(b: GraphBuilder, input: list[Shape]) -> Operand:
    raise AssertionError


SENSELESS = {
    shape: "shape: the annotation of input, tuple.*, says nothing",
    several: "several: the annotation of input, .*, says nothing",
    unannotated: "unannotated: the annotation of input, .*, says nothing",
    unknown: "unknown: name 'Nonesuch' is not defined",
    missing_part: "missing_part: the annotation of input, .*, says nothing",
}


@pytest.mark.parametrize("handler", SENSELESS, ids=lambda handler: handler.__name__)
def test_an_annotation_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, handler: Handler) -> None:
    monkeypatch.delitem(of_torch.HANDLERS, OVERLOAD)
    for register in registrations("anyhow").values():
        with pytest.raises(TypeError, match=rf"^tests\.frontends\.test_registration\.{SENSELESS[handler]}"):
            register(handler)
    assert ("local", "Thing") not in of_onnx.HANDLERS
    assert OVERLOAD not in of_torch.HANDLERS
    assert "local::thing" not in of_torch.LIBRARY_HANDLERS


def attribute_value(b: GraphBuilder, x: Operand, *, axes: Ints) -> Operand:
    raise AssertionError


def node_of_another_kind(b: GraphBuilder, x: Operand, *, node: int) -> Operand:
    raise AssertionError


@pytest.mark.parametrize("handler", [attribute_value, node_of_another_kind], ids=lambda handler: handler.__name__)
def test_attributes_of_onnx_have_values_of_their_own(handler: Handler) -> None:
    with pytest.raises(TypeError, match=f"{handler.__name__}: the annotation of (axes|node), .*, says nothing"):
        of_onnx.onnx_op("Thing", domain="local", how="anyhow")(handler)


def plain(b: GraphBuilder, input: Operand) -> Operand:
    raise AssertionError


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undoes what a test registers."""
    monkeypatch.delitem(of_torch.HANDLERS, OVERLOAD)
    monkeypatch.setattr(of_torch, "LIBRARY_HANDLERS", {})
    monkeypatch.setattr(of_onnx, "HANDLERS", {})
    monkeypatch.setattr(of_onnx, "REFUSED", {})
    monkeypatch.delitem(of_torch.COMPLEX_HANDLERS, OVERLOAD, raising=False)
    monkeypatch.setattr(control_flow, "GRAPH_HANDLERS", {})


@pytest.mark.parametrize("way", registrations("anyhow"))
@pytest.mark.usefixtures("tables")
def test_a_handler_without_words_for_the_coverage_table_is_refused(way: str) -> None:
    with pytest.raises(TypeError, match=r"^tests\.frontends\.test_registration\.plain does not say how it is lowered"):
        registrations("")[way](plain)


@pytest.mark.parametrize("way", registrations("anyhow"))
@pytest.mark.usefixtures("tables")
def test_a_second_handler_is_refused(way: str) -> None:
    registrations("anyhow")[way](plain)
    with pytest.raises(TypeError, match="two handlers for "):
        registrations("anyhow")[way](plain)
    of_torch.COMPLEX_HANDLERS.pop(OVERLOAD, None)


@pytest.mark.usefixtures("tables")
def test_versions_of_an_operator_are_two_handlers() -> None:
    for since in (7, 13):
        of_onnx.onnx_op("Thing", since=since, how="anyhow")(plain)
    assert [handler.since for handler in of_onnx.HANDLERS["", "Thing"]] == [13, 7]


@pytest.mark.usefixtures("tables")
def test_an_operator_is_refused_once_and_not_converted_as_well() -> None:
    of_onnx.refuse("Odd", why="it is odd", hint=Cut.BEFORE)
    with pytest.raises(TypeError, match=r"ai\.onnx\.Odd is refused already"):
        of_onnx.refuse("Odd", why="it is odd", hint=Cut.BEFORE)
    with pytest.raises(TypeError, match=r"two handlers for ai\.onnx\.Odd since 1, or it is refused"):
        of_onnx.onnx_op("Odd", how="anyhow")(plain)
    of_onnx.onnx_op("Even", how="anyhow")(plain)
    with pytest.raises(TypeError, match=r"ai\.onnx\.Even is refused already, or has a handler"):
        of_onnx.refuse("Even", why="it is even", hint=Cut.BEFORE)


@pytest.mark.usefixtures("tables")
def test_a_second_handler_of_graphs_is_refused() -> None:
    control_flow.graph_op("cond")(plain)
    with pytest.raises(TypeError, match="two handlers for cond"):
        control_flow.graph_op("cond")(plain)

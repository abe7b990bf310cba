"""Every overload that has a handler, against eager PyTorch: in the reference runtime, and after text and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch._ops import OpOverload

from converters.torch.capture import captured
from converters.torch.conversion import Conversion
from converters.torch.decompose import overloads
from converters.torch.handlers import HANDLERS
from converters.torch.registry import LIBRARY_HANDLERS
from tests.torch.comparing import Call, compare, tensors_in
from tests.torch.row import Row
from webnn_graph.formats import load, save
from webnn_graph.modules import modules_of

ROWS: dict[OpOverload, list[Row]] = {overload: rows for file in modules_of("tests.torch.rows") for overload, rows in file.ROWS.items()}
CONTENTS_OPEN = {
    getattr(torch.ops.aten, name) for name in "empty empty_like empty_permuted empty_strided new_empty new_empty_strided".split()
}
"""Packets whose results PyTorch leaves open: there is nothing to compare."""
MADE = {
    torch.ops.aten._embedding_bag.default: (0,),
    torch.ops.aten._embedding_bag_forward_only.default: (0,),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default: (0,),
    torch.ops.aten._linalg_solve_ex.default: (0, 3),
    torch.ops.aten._linalg_det.default: (0,),
    torch.ops.aten._linalg_slogdet.default: (0, 1),
}
"""Which results are made, of overloads whose others serve only the backward pass and are refused when something reads them."""


def test_every_handler_has_rows() -> None:
    open_contents = {overload for overload in HANDLERS if overload.overloadpacket in CONTENTS_OPEN}
    of_library = {overload for overload in ROWS if overload._schema.name in LIBRARY_HANDLERS}
    assert set(HANDLERS) - open_contents == set(ROWS) - of_library


@pytest.mark.parametrize("overload", ROWS, ids=str)
def test_overload(overload: OpOverload, tmp_path: Path) -> None:
    call = _calls(overload, ROWS[overload])
    with torch.no_grad():
        expected = tensors_in(call(*call.tensors))
    program = captured(call.eval(), call.tensors)
    assert overload in overloads(program), "PyTorch decomposes it, so the handler is never called"
    graph = Conversion(program, "rows").graph()
    compare(graph, call.tensors, expected)
    for suffix in ("webnn", "json"):
        path = tmp_path / f"rows.{suffix}"
        save(graph, path)
        compare(load(path), call.tensors, expected)


def _calls(overload: OpOverload, rows: list[Row]) -> Call:
    """One module that makes all the calls and returns all results that have elements."""

    def call(arguments: list[tuple[Any, Any]]) -> list[Any]:
        results = [overload(*args, **kwargs) for args, kwargs in arguments]
        chosen = [result[place] for result in results for place in MADE[overload]] if overload in MADE else results
        return [tensor for tensor in tensors_in(chosen) if tensor.numel()]

    return Call(call, [[(row.args, row.kwargs) for row in rows]])

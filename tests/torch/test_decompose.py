"""Decomposition does what PyTorch's own does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from converters.torch import convert, decompose
from converters.torch.decompose import _decomposed
from webnn_graph.errors import ConversionError

X = torch.ones(2, 3, 4)
aten = torch.ops.aten
CALLS: dict[str, Callable[[torch.Tensor], Any]] = {
    "with a handler": lambda x: torch.nn.functional.linear(x, torch.ones(5, 4)),
    "without one": lambda x: torch.einsum("abc,dc->bd", x, torch.ones(5, 4)) + torch.kron(x[0], x[1]).sum(),
    "in place": lambda x: x.clone().add_(1).mul_(2)[:, 1:].square_(),
    "of others": lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=0.0).tile(2),
}


class Calls(torch.nn.Module):
    """One of the calls."""

    def __init__(self, call: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.call = call

    def forward(self, x: torch.Tensor) -> Any:
        return self.call(x)


@pytest.mark.parametrize(
    "rules", [{}, {aten.square.default: lambda x: x * x, aten.linear.default: lambda x, w: x @ w.t()}], ids=["none", "two"]
)
@pytest.mark.parametrize("name", CALLS)
def test_equals_pytorch(name: str, rules: dict[Any, Callable[..., Any]]) -> None:
    program = torch.export.export(Calls(CALLS[name]), (X,), strict=False)
    assert _decomposed(program, rules).graph_module.code == program.run_decompositions(rules).graph_module.code


def test_what_has_effects_is_called_as_it_is() -> None:
    with pytest.raises(ConversionError) as caught:
        convert(Calls(lambda x: torch.linalg.inv(x) @ torch.linalg.ldl_factor(x).LD), (torch.eye(3),))
    assert "aten.linalg_ldl_factor_ex.default" in str(caught.value)
    assert "token" not in str(caught.value)


def test_effects_are_no_part_of_the_interface() -> None:
    graph = convert(Calls(torch.linalg.inv), (torch.eye(3),))
    assert [operand.name for operand in (*graph.inputs, *graph.outputs)] == ["x", "output"]


def test_this_pytorch_has_the_parts() -> None:
    assert decompose._HAS_PARTS


def test_without_the_parts_it_is_pytorchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompose, "_HAS_PARTS", False)
    program = torch.export.export(Calls(CALLS["in place"]), (X,), strict=False)
    assert _decomposed(program, {}).graph_module.code == program.run_decompositions({}).graph_module.code

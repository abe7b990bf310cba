"""Programs that change nothing are not traced a second time, and compute the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from converters.torch import decompose
from converters.torch.capture import captured
from converters.torch.conversion import Conversion
from converters.torch.source import TorchSource
from tests.torch.comparing import compare

X = torch.arange(24.0).reshape(2, 3, 4)


class Of(torch.nn.Module):
    """A module of a function."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


PURE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "a copy in another order": lambda x: x.permute(0, 2, 1).contiguous().view(2, 12),
    "a reshape": lambda x: x.transpose(1, 2).reshape(2, 12) + 1,
    "dropout": lambda x: torch.nn.functional.dropout(x, 0.5, training=False) * 2,
    "another type": lambda x: (x > 3).to(torch.float32) + x.to(torch.int64).to(x.dtype),
}


@pytest.mark.parametrize("name", PURE)
def test_programs_that_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def traced(*_: Any) -> Any:
        raise AssertionError("traced again")

    monkeypatch.setattr(decompose, "_decomposed", traced)
    program = captured(Of(PURE[name]).eval(), (X,))
    expected = PURE[name](X)
    compare(Conversion(program, "pure").graph(), [X], [expected])
    source = TorchSource(program)
    (result,) = source.run({"x": X.numpy()}, source.outputs).values()
    np.testing.assert_array_equal(result, expected.numpy())


def changed(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[:, 0] = 7
    return y.add_(1)


def test_a_program_that_changes_something_is_made_functional() -> None:
    program = captured(Of(changed).eval(), (X,))
    assert not any(overload._schema.is_mutable for overload in decompose.overloads(program))
    compare(Conversion(program, "changed").graph(), [X], [changed(X)])

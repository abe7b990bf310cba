"""What the rows of the overload tests are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch._ops import OpOverload

aten = torch.ops.aten


@dataclass(frozen=True)
class Row:
    """One call of an overload."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


Rows: TypeAlias = dict[OpOverload, list[Row]]


def row(*args: Any, **kwargs: Any) -> Row:
    """One call with these arguments."""
    return Row(args, kwargs)


def f(*shape: int, low: float = -2, high: float = 2, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random floats in [low, high), the same for the same shape and range."""
    generator = torch.Generator().manual_seed(sum(shape) * 31 + len(shape) + int(100 * low))
    return (torch.rand(shape, generator=generator) * (high - low) + low).to(dtype)


def i(*shape: int, low: int = -9, high: int = 10, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """Random integers in [low, high)."""
    generator = torch.Generator().manual_seed(sum(shape) * 37 + len(shape) + low)
    return torch.randint(low, high, shape, generator=generator).to(dtype)


def bools(*shape: int) -> torch.Tensor:
    """Random truth values."""
    return i(*shape, low=0, high=2).to(torch.bool)


def t(*values: Any, dtype: torch.dtype | None = None) -> torch.Tensor:
    """A tensor of these values."""
    return torch.tensor(values, dtype=dtype)


f16 = torch.float16
f64 = torch.float64
i32 = torch.int32
i8 = torch.int8
u8 = torch.uint8
nan, inf = float("nan"), float("inf")

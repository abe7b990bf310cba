"""Handlers by family; importing this package fills `HANDLERS`."""

from __future__ import annotations

from converters.torch.handlers import (  # noqa: F401  (each import fills HANDLERS)
    activation,
    attention,
    convolution,
    creation,
    elementwise,
    indexing,
    linear_algebra,
    normalization,
    pooling,
    recurrent,
    reduction,
    shape,
)
from converters.torch.registry import HANDLERS

__all__ = ["HANDLERS"]

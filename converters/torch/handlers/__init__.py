"""Handlers by family; importing this package fills `HANDLERS`."""

from __future__ import annotations

from converters.torch.handlers import (  # noqa: F401  (each import fills HANDLERS)
    activation,
    attention,
    complex_numbers,
    control_flow,
    convolution,
    creation,
    distance,
    elementwise,
    indexing,
    linear_algebra,
    logic,
    normalization,
    pooling,
    quantized,
    recurrent,
    reduction,
    resize,
    shape,
)
from converters.torch.registry import COMPLEX_HANDLERS, HANDLERS

__all__ = ["COMPLEX_HANDLERS", "HANDLERS"]

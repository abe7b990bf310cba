"""What generation computes that PyTorch has no operator for: a cache with some of its rows replaced."""

from __future__ import annotations

import torch


@torch.library.custom_op("webnn_convert::write", mutates_args=())
def write(past: torch.Tensor, rows: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """The cache ``past`` [1, heads, places, size] with ``rows`` [1, heads, tokens, size] from the place ``position`` (int) on."""
    places = position.reshape(()) + torch.arange(rows.shape[2], device=rows.device)
    return past.index_copy(2, places, rows)


@write.register_fake
def _(past: torch.Tensor, rows: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(past)

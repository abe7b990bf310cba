"""acme::gated_silu in PyTorch: what Acme's models call."""

import torch


@torch.library.custom_op("acme::gated_silu", mutates_args=())
def gated_silu(x: torch.Tensor, axis: int = -1) -> torch.Tensor:
    gate, value = x.chunk(2, axis)
    return torch.nn.functional.silu(gate) * value


@gated_silu.register_fake
def _(x: torch.Tensor, axis: int = -1) -> torch.Tensor:
    return torch.empty_like(x.chunk(2, axis)[0])

"""Mixtures of experts in few calls: those that are chosen, gathered, or all of them at once.

A token chooses few of many experts, whose weights are gathered. The tokens of a prompt choose most of them, some more than once: then all
experts are computed for all tokens, in one product, and what was not chosen counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

NAME = "few_calls"


@contextmanager
def experts_in_few_calls(model: Any) -> Iterator[None]:
    """Inside, the model's experts are computed so, if it has some that can be."""
    try:
        from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

        ALL_EXPERTS_FUNCTIONS.register(NAME, experts)
        before = model.get_experts_implementation()
        model.set_experts_implementation(NAME)
    except (ImportError, AttributeError, ValueError):  # transformers before 5, or a model without experts
        yield
        return
    try:
        yield
    finally:
        model.set_experts_implementation(before)


def experts(module: Any, hidden: torch.Tensor, chosen: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """What a mixture's experts make of tokens.

    Args:
        module: Has the weights of all experts, see ``use_experts_implementation`` of transformers.
        hidden: float[tokens, size].
        chosen: int[tokens, k], which experts each token goes to.
        shares: float[tokens, k], what each of them counts.

    Returns:
        float[tokens, size].
    """
    tokens, k = chosen.shape
    count = module.down_proj.shape[0]
    if tokens * k >= count:
        places = torch.arange(count, dtype=chosen.dtype)
        weights = (shares.unsqueeze(-1) * (chosen.unsqueeze(-1) == places).to(shares.dtype)).sum(1)  # [tokens, experts]
        made = _computed(module, hidden.unsqueeze(0), slice(None))
        return (made * weights.transpose(0, 1).unsqueeze(-1)).sum(0).to(hidden.dtype)
    ids = chosen.reshape(-1)
    rows = hidden if tokens == 1 else hidden.repeat_interleave(k, dim=0)
    made = _computed(module, rows.unsqueeze(1), ids).squeeze(1)
    if tokens == 1:
        return (shares.to(made.dtype) @ made).to(hidden.dtype)
    weighted = made * shares.reshape(-1, 1)
    return weighted.reshape(tokens, k, -1).sum(1).to(hidden.dtype)


def _computed(module: Any, x: torch.Tensor, which: Any) -> torch.Tensor:
    """What some experts make of x [experts or 1, tokens, size], each of its own rows: [experts, tokens, size]."""

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = getattr(module, name), getattr(module, f"{name}_bias", None)
        factor = weight if module.is_transposed else weight.transpose(1, 2)
        product = x @ factor[which]
        return product + bias[which].unsqueeze(1) if module.has_bias and bias is not None else product

    wide = linear(x, "gate_up_proj" if module.has_gate else "up_proj")
    wide = module._apply_gate(wide) if module.has_gate else module.act_fn(wide)
    made = linear(wide, "down_proj")
    return module.post_expert_norm(made) if module.has_post_expert_norm else made

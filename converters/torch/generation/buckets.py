"""Buckets of distances between tokens, as T5 learns a bias for each of, looked up instead of computed by a logarithm in each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

FUNCTION = "_relative_position_bucket"
"""What models of transformers call the method that computes them."""


@contextmanager
def tabulated(model: torch.nn.Module, length: int) -> Iterator[None]:
    """Inside, the modules of a model look buckets up in tables for distances up to ``length``, which their first call makes.

    That call must not be traced.
    """
    modules = [module for module in model.modules() if hasattr(module, FUNCTION)]
    for module in modules:
        setattr(module, FUNCTION, _looking_up(getattr(module, FUNCTION), length))
    try:
        yield
    finally:
        for module in modules:
            delattr(module, FUNCTION)


def _looking_up(bucket: Callable[..., torch.Tensor], length: int) -> Callable[..., torch.Tensor]:
    tables: dict[Any, torch.Tensor] = {}

    def looked_up(distance: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        key = args, frozenset(kwargs.items())
        if key not in tables:
            tables[key] = bucket(torch.arange(-length, length + 1), *args, **kwargs)
        return tables[key][distance + length]

    return looked_up

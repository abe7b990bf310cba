"""Modules that PyTorch's ``quantize_dynamic`` and its like make: their weights are packed for kernels of PyTorch's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from webnn_graph.errors import ConversionError

PACKED = "_packed_params"
"""Names of packed weights end with this, in a state dict, too."""
MODULES = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")
"""Where the classes of such modules are."""


def packed(what: str) -> ConversionError:
    """The refusal of ``what``."""
    return ConversionError(
        f"{what} is quantized for PyTorch's own kernels (quantize_dynamic and its like), whose packed weights no graph can take over",
        "convert the module as it was before; quantize_ of torchao makes modules that can be converted",
    )


def check_packed(modules: Iterable[torch.nn.Module]) -> None:
    """Raises `ConversionError` when one of the modules is of this kind."""
    found = next((type(module) for module in modules if type(module).__module__.startswith(MODULES)), None)
    if found:
        raise packed(f"a module of class {found.__name__}")


def is_packed_state(content: Any) -> bool:
    """Whether what a file held is a state dict of such a module."""
    return isinstance(content, Mapping) and any(isinstance(key, str) and key.endswith(PACKED) for key in content)

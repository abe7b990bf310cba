"""Architectures of the transformers library in small, with random weights: ``python:models.architectures:make`` in ``zoo.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import transformers

INPUT = re.compile(r"(\w+)\[([\d,]*)\](?:=(\d+(?:,\d+)*))?")


def make(
    model: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Any]] | None = None,
    call: str = "",
) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The architecture's model in eval mode, its weights drawn from a fixed seed, and example inputs for forward.

    Args:
        model: Class of transformers.
        config: Options of its configuration.
        inputs: forward's arguments: data type and shape, as in ``int64[1,16]``, filled with numbers over and over in ``int64[1,4]=1`` or
            ``int64[1,4]=9,9,3``; what is no text is itself. Integers are below the vocabulary's size, masks 0 or 1.
        parts: Sub-configurations by the option that takes them; ``class`` says of which class. They may have parts themselves.
        call: Attribute of the model to convert instead of the whole, such as an encoder.
    """
    torch.manual_seed(0)
    model_class = getattr(transformers, model)
    whole = model_class.config_class(**config, **_configs(parts or {}))
    module = model_class(whole).eval()
    _randomize(module)
    vocabulary = getattr(whole, "vocab_size", 2)
    examples = {name: _example(name, text, vocabulary) if isinstance(text, str) else text for name, text in inputs.items()}
    return getattr(module, call) if call else module, examples


def _configs(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: _config(**options) for name, options in parts.items()}


def _config(parts: Mapping[str, Mapping[str, Any]] | None = None, **options: Any) -> Any:
    return getattr(transformers, options.pop("class"))(**options, **_configs(parts or {}))


def _randomize(module: torch.nn.Module) -> None:
    """Weights that keep a signal's size through any depth; the library's own are so small that deep networks return zeros."""
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=(2 / parameter[0].numel()) ** 0.5)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d) and part.weight.mean() < 0.5:
            torch.nn.init.ones_(part.weight)
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)


def _example(name: str, text: str, vocabulary: int) -> torch.Tensor:
    match = INPUT.fullmatch(text)
    assert match, f"{name}: {text!r} describes no input"
    kind, dims, fill = match.groups()
    shape = [int(size) for size in dims.split(",") if size]
    if fill:
        return torch.from_numpy(np.resize([int(number) for number in fill.split(",")], shape)).to(getattr(torch, kind))
    random = np.random.default_rng([0, *name.encode()])
    if kind.startswith("float"):
        return torch.from_numpy(random.standard_normal(shape)).to(getattr(torch, kind))
    if "mask" in name:
        mask = torch.ones(shape, dtype=torch.int64)
        mask[..., -3:] = 0
        return mask
    return torch.from_numpy(random.integers(3, max(vocabulary - 1, 4), shape))

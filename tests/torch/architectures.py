"""Architectures of the transformers library, small and with random weights, compared with PyTorch run eagerly.

``webnn zoo run architecture`` compares all of them with the exported program; this with the module itself.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from converters.torch import convert
from models import select
from models.architectures import make
from webnn_graph.compare import Difference, compare
from webnn_graph.data_types import Array
from webnn_graph.runtimes import reference

TOLERANCE = 1e-3
"""Largest relative difference from eager PyTorch."""
T = TypeVar("T")


def names() -> list[str]:
    """All architectures of the zoo."""
    return [model.name for model in select(["architecture"])]


def build(name: str) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The architecture's model, and example inputs for forward."""
    (model,) = select([name])
    return make(**model.arguments)


def differences(name: str) -> list[Difference]:
    """How far each output of the graph of an architecture is from eager PyTorch's."""
    model, inputs = build(name)
    with torch.no_grad():
        expected = [tensor.numpy() for tensor in tensors(model(**inputs))]
    graph = convert(model, (), inputs)
    arrays = [value.numpy() for value in inputs.values() if isinstance(value, torch.Tensor)]
    feeds: Mapping[str, Array] = {operand.name: array for operand, array in zip(graph.inputs, arrays, strict=True)}
    computed = reference.run(graph, feeds)
    return [compare(key, array, right, TOLERANCE) for (key, array), right in zip(computed.items(), expected, strict=True)]


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors in a model's result, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if hasattr(value, "values") else value if isinstance(value, list | tuple) else []
    return [tensor for item in items for tensor in tensors(item)]


def quietly(function: Callable[[], T]) -> T:
    """What a function returns, without what libraries print meanwhile."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        return function()

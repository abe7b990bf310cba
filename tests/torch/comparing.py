"""Comparison of a converted module with eager PyTorch, in the reference runtime and through the text and JSON forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from converters.torch.convert import convert
from converters.torch.tensors import data_type, to_array
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.runtimes.reference import run

TOLERANCES = {torch.float16: (2e-3, 2e-3), torch.bfloat16: (2e-2, 2e-2)}
"""Relative and absolute, by the type of the result; of all others `CLOSE`."""
CLOSE = (1e-4, 1e-5)


class Call(torch.nn.Module):
    """A function as a module; arguments that are tensors become inputs, the others are part of it."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        leaves, self.spec = pytree.tree_flatten((tuple(args), dict(kwargs or {})))
        self.function = function
        self.leaves = leaves
        self.places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """The arguments that are tensors, in order."""
        return tuple(self.leaves[i].detach() for i in self.places)

    def forward(self, *tensors: torch.Tensor) -> Any:
        leaves = list(self.leaves)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        args, kwargs = pytree.tree_unflatten(leaves, self.spec)
        return self.function(*args, **kwargs)


def check(module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Graph:
    """Converts the module and compares its results with PyTorch's; returns the graph.

    Raises:
        AssertionError: They differ.
    """
    graph = convert(module, args, kwargs)
    with torch.no_grad():
        expected = module(*args, **(kwargs or {}))
    compare(graph, tensors_in((args, dict(kwargs or {}))), tensors_in(expected))
    return graph


def tensors_in(tree: Any) -> list[torch.Tensor]:
    """The tensors inside nested containers, in order."""
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def feeds(graph: Graph, tensors: Sequence[torch.Tensor]) -> dict[str, Array]:
    """The tensors as the graph's inputs."""
    return {operand.name: to_array(tensor) for operand, tensor in zip(graph.inputs, tensors, strict=True)}


def compare(graph: Graph, inputs: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]) -> None:
    """Raises `AssertionError` unless the graph computes what is expected; what the module changes comes last and is not compared."""
    results = [array for name, array in run(graph, feeds(graph, inputs)).items() if not name.endswith("_out")]
    assert len(results) == len(expected), f"{len(results)} results, expected {len(expected)}"
    for result, wanted in zip(results, expected, strict=True):
        assert result.dtype == data_type(wanted.dtype).numpy, f"{result.dtype}, expected {wanted.dtype}"
        assert result.shape == tuple(wanted.shape), f"{result.shape}, expected {tuple(wanted.shape)}"
        relative, absolute = TOLERANCES.get(wanted.dtype, CLOSE)
        np.testing.assert_allclose(result, to_array(wanted), rtol=relative, atol=absolute)

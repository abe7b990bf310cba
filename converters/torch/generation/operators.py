"""What generation computes that PyTorch has no operator for: a cache with some of its rows replaced."""

from __future__ import annotations

import numpy as np
import torch

from converters.torch.registry import aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@torch.library.custom_op("webnn_convert::write", mutates_args=())
def write(past: torch.Tensor, rows: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """The cache ``past`` [1, heads, places, size] with ``rows`` [1, heads, tokens, size] from the place ``position`` (int) on."""
    places = position.reshape(()) + torch.arange(rows.shape[2], device=rows.device)
    return past.index_copy(2, places, rows)


@write.register_fake
def _(past: torch.Tensor, rows: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(past)


@aten_op(torch.ops.webnn_convert.write.default, how="scatterND")
def _write(b: GraphBuilder, past: Operand, rows: Operand, position: Operand) -> Operand:
    return written(b, past, rows, position)


def written(b: GraphBuilder, past: Operand, rows: Operand, position: Operand) -> Operand:
    """The same of operands; ``position`` is a single integer.

    It is one call whose indices are those of every row, [1, heads, tokens, 3], so that neither cache nor rows are reshaped;
    caches of one place in the network share them.
    """
    _, heads, tokens, _ = rows.shape
    grid = np.stack(np.meshgrid([0], np.arange(heads), np.arange(tokens), indexing="ij"), axis=-1).astype(np.int32)
    start = b.mul(b.cast(b.reshape(position, [1, 1, 1, 1]), "int32"), np.array([0, 0, 1], np.int32))
    return b.scatterND(past, b.add(b.constant(grid), start), rows)

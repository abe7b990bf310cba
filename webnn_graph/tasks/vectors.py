"""What goes into a model as a vector, and how alike two are."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Embedding


def embedded(numbers: Array, embedding: Embedding, mask: Array | None = None) -> Array:
    """The vector of one thing, float32[n].

    Args:
        numbers: [1, ..., n], or with pooling [1, tokens, n].
        embedding: How a vector is made of them.
        mask: Which tokens are there, [1, tokens]; None for all.

    Raises:
        ValidationError: They are of several things.
    """
    length = numbers.size if embedding.pooling == "none" else numbers.shape[-1]
    rows = numbers.reshape(-1, length).astype(np.float64)
    there = np.ones(len(rows), bool) if mask is None or embedding.pooling == "none" else mask.reshape(-1) != 0
    if len(there) != len(rows) or (embedding.pooling == "none" and numbers.size != max(numbers.shape, default=0)):
        raise ValidationError(f"the model gives several vectors: {list(numbers.shape)}", "convert it for one: --dim batch=1")
    chosen = rows[there] if there.any() else rows
    vector = {"mean": chosen.mean(0), "last": chosen[-1]}.get(embedding.pooling, chosen[0])
    if embedding.normalized:
        vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return np.asarray(vector, np.float32)


def similar(one: Array, other: Array) -> float:
    """The cosine of two vectors, from -1 to 1; 0 where one has no length.

    Raises:
        ValidationError: They have other sizes.
    """
    if one.shape != other.shape:
        raise ValidationError(f"vectors of {one.size:,} and of {other.size:,} numbers cannot be compared")
    lengths = float(np.linalg.norm(one.astype(np.float64)) * np.linalg.norm(other.astype(np.float64)))
    return float(one.astype(np.float64).ravel() @ other.astype(np.float64).ravel() / lengths) if lengths else 0.0

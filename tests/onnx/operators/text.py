"""Rows: text features."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.onnx.one_node import OneNode
from tests.onnx.values import row, some
from webnn_graph.data_types import Array

WEIGHTS = [0.5, 2.0, 3.0, -1.0, 4.0]


def tf_idf(x: Array, **attributes: Any) -> OneNode:
    """Five n-grams: 2, 3, 5 of one item and 5 2, 3 3 of two, in another order in the result."""
    pool: dict[str, Any] = {"ngram_counts": [0, 3], "ngram_indexes": [3, 0, 1, 4, 2], "pool_int64s": [2, 3, 5, 5, 2, 3, 3]}
    return row("TfIdfVectorizer", x, min_gram_length=1, max_gram_length=2, **(pool | attributes))


CASES = [
    *(tf_idf(some(t, 3, 12, low=2, high=5), max_skip_count=skip, mode="TF") for t in ("int32", "int64") for skip in (0, 3)),
    *(tf_idf(some("int32", 12, low=2, high=5), max_skip_count=1, mode=mode, weights=WEIGHTS) for mode in ("TF", "IDF", "TFIDF")),
    tf_idf(np.array([7, 7], np.int32), max_skip_count=5, mode="IDF", weights=WEIGHTS),
]

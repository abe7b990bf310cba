"""Text features."""

from __future__ import annotations

import numpy as np

from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("TfIdfVectorizer", since=9, how="every window compared with every n-gram, and reduceSum", limits="n-grams of strings are refused")
def tf_idf_vectorizer(
    b: GraphBuilder,
    X: Operand,
    *,
    max_gram_length: int,
    max_skip_count: int,
    min_gram_length: int,
    mode: str,
    ngram_counts: list[int],
    ngram_indexes: list[int],
    pool_int64s: list[int] | None = None,
    pool_strings: list[str] | None = None,
    weights: list[float] | None = None,
) -> Operand:
    if pool_int64s is None:
        raise ConversionError("counts n-grams of strings, which WebNN does not have")
    if mode not in ("TF", "IDF", "TFIDF"):
        raise ConversionError(f"mode {mode} is not TF, IDF or TFIDF")
    ends = [*ngram_counts[1:], len(pool_int64s)]
    columns, first = max(ngram_indexes) + 1, 0
    total = b.expand(b.constant(0.0, DataType.FLOAT32), [*X.shape[:-1], columns])
    for length, (start, end) in enumerate(zip(ngram_counts, ends, strict=True), start=1):
        pool = np.array(pool_int64s[start:end], np.int64).reshape(-1, length)
        places = ngram_indexes[first : first + len(pool)]
        first += len(pool)
        if not min_gram_length <= length <= max_gram_length or not len(pool):
            continue
        b.reserve(len(pool), columns)
        found = np.zeros((len(pool), columns), np.float32)
        found[np.arange(len(pool)), places] = 1
        farthest = min(max_skip_count + 1, (X.shape[-1] - 1) // (length - 1)) if length > 1 else 1
        for distance in range(1, farthest + 1):
            counted = b.reshape(_occurrences(b, X, pool, distance), [-(-X.size // X.shape[-1]), len(pool)])
            total = b.add(total, b.reshape(b.matmul(counted, found), total.shape))
    if mode == "TF":
        return total
    b.reserve(columns)
    scale = np.ones(columns, np.float32)
    if weights is not None:
        scale[ngram_indexes] = weights
    return b.mul(total if mode == "TFIDF" else b.cast(b.greater(total, 0), DataType.FLOAT32), scale)


def _occurrences(b: GraphBuilder, x: Operand, pool: Array, distance: int) -> Operand:
    """How often each n-gram of the pool [grams, length] is in x [..., items], its items ``distance`` apart: float32 [..., grams]."""
    length = pool.shape[1]
    windows = x.shape[-1] - (length - 1) * distance
    hit = None
    for i in range(length):
        starts, sizes = [0] * x.rank, [*x.shape[:-1], windows]
        starts[-1] = i * distance
        item = b.reshape(b.slice(x, starts, sizes), [*sizes, 1])
        same = b.equal(item, pool[:, i].astype(x.data_type.numpy))
        hit = same if hit is None else b.logicalAnd(hit, same)
    assert hit is not None
    return b.reduceSum(b.cast(hit, DataType.FLOAT32), axes=[x.rank - 1])

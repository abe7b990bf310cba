"""What the models of ai.onnx.ml make of their scores: transformed scores, and labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.onnx.registry import Value
from converters.onnx.text import Text
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

DOMAIN = "ai.onnx.ml"
TRANSFORMS = "the transforms PROBIT and SOFTMAX_ZERO are refused"
OF_TARGETS = f"{TRANSFORMS}, and all of a single target"
STRINGS = "labels that are strings are left out"


def rows(b: GraphBuilder, X: Operand) -> Operand:
    """The samples as float32 [N, features]."""
    wide = b.cast(X, DataType.FLOAT32)
    return b.reshape(wide, [1, X.size]) if X.rank < 2 else wide


def transformed(b: GraphBuilder, scores: Operand, kind: str) -> Operand:
    """Scores [N, classes] as a ``post_transform`` makes them. Raises `ConversionError` for one that is not converted."""
    if kind == "SOFTMAX":
        return b.softmax(scores, axis=scores.rank - 1)
    if kind == "LOGISTIC":
        return b.sigmoid(scores)
    if kind != "NONE":
        raise ConversionError(f"post_transform {kind} is not NONE, SOFTMAX or LOGISTIC")
    return scores


def of_targets(b: GraphBuilder, values: Operand, kind: str) -> Operand:
    """The same of a regressor's targets.

    Raises:
        ConversionError: There is one target, which ONNX transforms and ONNX Runtime does not.
    """
    if kind != "NONE" and values.shape[1] == 1:
        raise ConversionError(
            f"post_transform {kind} of one target is applied by ONNX and not by ONNX Runtime",
            "use post_transform NONE and a Sigmoid node after it",
        )
    return transformed(b, values, kind)


def largest(b: GraphBuilder, scores: Operand, ints: Sequence[int] | None, strings: Sequence[str] | None) -> Value:
    """The label [N] of the largest of scores [N, classes]."""
    return labels(b, b.argMax(scores, axis=1, outputDataType="int64"), ints, strings)


def labels(b: GraphBuilder, index: Operand, ints: Sequence[int] | None, strings: Sequence[str] | None) -> Value:
    """The labels of classes, which WebNN lacks when they are strings.

    Raises:
        ConversionError: There are none.
    """
    if strings:
        return Text()
    if not ints:
        raise ConversionError("is not a valid node: it has no labels")
    if list(ints) == list(range(len(ints))):
        return index
    return b.gather(b.constant(np.array(ints, np.int64)), index, axis=0)


def opposed(b: GraphBuilder, score: Operand, kind: str, *, of_one: bool) -> Operand:
    """The scores [N, 2] of two classes of which only the second has one [N, 1].

    Args:
        of_one: Whether the two are shares of 1.
    """
    if kind == "LOGISTIC" and not of_one:
        return b.concat([b.sigmoid(b.neg(score)), b.sigmoid(score)], 1)
    return b.concat([b.sub(1, score) if of_one else b.neg(score), score], 1)

"""Features made of features: filled in, encoded, joined and named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.onnx.handlers.ml.scores import DOMAIN, rows
from converters.onnx.registry import Value, onnx_op
from converters.onnx.text import Text
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

NUMBERS = "numbers only: strings are left out"


@onnx_op("Imputer", domain=DOMAIN, how="where")
def imputer(
    b: GraphBuilder,
    X: Operand,
    *,
    imputed_value_floats: list[float] | None = None,
    imputed_value_int64s: list[int] | None = None,
    replaced_value_float: float = 0.0,
    replaced_value_int64: int = 0,
) -> Operand:
    values: Sequence[float] | None = imputed_value_floats if X.data_type.is_float else imputed_value_int64s
    replaced = replaced_value_float if X.data_type.is_float else replaced_value_int64
    if not values:
        raise ConversionError(f"has no values to fill in for {X.data_type}")
    is_missing = b.isNaN(X) if np.isnan(replaced) else b.equal(X, replaced)
    return b.where(is_missing, np.array(values, X.data_type.numpy), X)


@onnx_op("FeatureVectorizer", domain=DOMAIN, how="concat")
def feature_vectorizer(b: GraphBuilder, *X: Operand, inputdimensions: list[int] | None = None) -> Operand:
    parts = [rows(b, part) for part in X]
    sizes = [part.shape[1] for part in parts]
    if inputdimensions is not None and inputdimensions != sizes:
        raise ConversionError(f"inputdimensions are {inputdimensions}, the inputs have {sizes} features")
    return b.concat(parts, 1)


@onnx_op("OneHotEncoder", domain=DOMAIN, how="equal", limits="numbers only")
def one_hot_encoder(
    b: GraphBuilder, X: Operand, *, cats_int64s: list[int] | None = None, cats_strings: list[str] | None = None, zeros: int = 1
) -> Operand:
    if not cats_int64s:
        raise ConversionError("has categories that are strings, which WebNN does not have")
    numbers = b.reshape(b.cast(X, DataType.INT64), [*X.shape, 1])
    return b.cast(b.equal(numbers, np.array(cats_int64s, np.int64)), DataType.FLOAT32)


@onnx_op("LabelEncoder", since=2, domain=DOMAIN, how="equal with all keys, argMax, gather", limits=NUMBERS)
def label_encoder_2(
    b: GraphBuilder,
    X: Operand,
    *,
    default_float: float = -0.0,
    default_int64: int = -1,
    default_string: str = "_Unused",
    keys_floats: list[float] | None = None,
    keys_int64s: list[int] | None = None,
    keys_strings: list[str] | None = None,
    values_floats: list[float] | None = None,
    values_int64s: list[int] | None = None,
    values_strings: list[str] | None = None,
) -> Value:
    if values_strings:
        return Text()
    if values_floats is not None:
        return _encoded(b, X, keys_floats or keys_int64s, np.array(values_floats, np.float32), default_float)
    return _encoded(b, X, keys_floats or keys_int64s, np.array(values_int64s or [], np.int64), default_int64)


@onnx_op("LabelEncoder", since=4, domain=DOMAIN, how="equal with all keys, argMax, gather", limits=NUMBERS)
def label_encoder_4(
    b: GraphBuilder,
    X: Operand,
    *,
    default_float: float = -0.0,
    default_int64: int = -1,
    default_string: str = "_Unused",
    default_tensor: Operand | None = None,
    keys_floats: list[float] | None = None,
    keys_int64s: list[int] | None = None,
    keys_strings: list[str] | None = None,
    keys_tensor: Operand | None = None,
    values_floats: list[float] | None = None,
    values_int64s: list[int] | None = None,
    values_strings: list[str] | None = None,
    values_tensor: Operand | None = None,
) -> Value:
    if values_strings or isinstance(values_tensor, Text):
        return Text()
    keys = keys_floats or keys_int64s if keys_tensor is None else b.value(keys_tensor)
    default = default_float if values_floats else default_int64
    if values_tensor is None:
        values: Array | None = np.array(values_floats, np.float32) if values_floats else np.array(values_int64s or [], np.int64)
    else:
        values, default = b.value(values_tensor), default_float if values_tensor.data_type.is_float else default_int64
    given = None if default_tensor is None else b.value(default_tensor)
    assert values is not None
    return _encoded(b, X, keys, values, default if given is None else given.item(), finds_nan=True)


def _encoded(
    b: GraphBuilder, X: Operand, keys: Sequence[float] | Array | None, values: Array, default: float, finds_nan: bool = False
) -> Operand:
    """For each element the value of its key, or the default; before version 4 NaN is no key."""
    if keys is None or len(keys) != len(values):
        raise ConversionError(f"has {0 if keys is None else len(keys)} keys for {len(values)} values")
    known: Array = np.array(keys).astype(X.data_type.numpy)
    column = b.reshape(X, [*X.shape, 1])
    same = b.equal(column, known)
    if finds_nan and X.data_type.is_float and np.isnan(known).any():
        same = b.logicalOr(same, b.logicalAnd(b.isNaN(column), np.isnan(known).astype(np.uint8)))
    place = b.argMax(b.cast(same, DataType.INT32), axis=X.rank, outputDataType="int32")
    found = b.gather(b.constant(values), place, axis=0)
    return b.where(b.reduceMax(same, axes=[X.rank]), found, b.constant(default, found.data_type))


@onnx_op("ZipMap", domain=DOMAIN, how="nothing: the tensor is returned")
def zip_map(
    b: GraphBuilder, X: Operand, *, classlabels_int64s: list[int] | None = None, classlabels_strings: list[str] | None = None
) -> Operand:
    names = classlabels_strings or classlabels_int64s or []
    b.note(f"{b.label} makes maps, which WebNN lacks: the graph returns their values, in the order {', '.join(map(str, names[:20]))}")
    return X

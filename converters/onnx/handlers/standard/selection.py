"""The largest and smallest elements, and where they are."""

from __future__ import annotations

from collections.abc import Callable

from converters.lowering.sorting import top
from converters.onnx.axes import axis_of
from converters.onnx.registry import Number, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


def _arg(name: str) -> Callable[..., Operand]:
    def convert(b: GraphBuilder, data: Operand, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Operand:
        place = axis_of(axis, data.rank)
        options = {"keepDimensions": bool(keepdims), "outputDataType": "int64"}
        if not select_last_index:
            return b.call(name, data, place, **options)
        return b.sub(data.shape[place] - 1, b.call(name, b.reverse(data, axes=[place]), place, **options))

    return convert


onnx_op("ArgMax", how="argMax, of the reversed axis to select the last")(_arg("argMax"))
onnx_op("ArgMin", how="argMin, of the reversed axis to select the last")(_arg("argMin"))


@onnx_op("TopK", how="ranks by comparing all pairs, in parts when there are many elements")
def top_k_1(b: GraphBuilder, X: Operand, *, k: int, axis: int = -1) -> tuple[Operand, Operand]:
    return _top_k(b, X, k, axis, largest=True)


@onnx_op("TopK", since=10, how="ranks by comparing all pairs, in parts when there are many elements")
def top_k_10(b: GraphBuilder, X: Operand, K: Number, *, axis: int = -1) -> tuple[Operand, Operand]:
    return _top_k(b, X, int(K), axis, largest=True)


@onnx_op("TopK", since=11, how="ranks by comparing all pairs, in parts when there are many elements; always sorted")
def top_k_11(b: GraphBuilder, X: Operand, K: Number, *, axis: int = -1, largest: int = 1, sorted: int = 1) -> tuple[Operand, Operand]:
    return _top_k(b, X, int(K), axis, largest=bool(largest))


def _top_k(b: GraphBuilder, x: Operand, k: int, axis: int, *, largest: bool) -> tuple[Operand, Operand]:
    place = axis_of(axis, x.rank)
    if not 1 <= k <= x.shape[place]:
        raise ConversionError(f"k is {k}; it must be 1 to {x.shape[place]}, the size of axis {place}")
    values, indices = top(b, x, k, place, largest=largest)
    return values, indices()

"""Writing into tensors at computed places, by way of the handlers of indexing."""

from __future__ import annotations

from converters.lowering.caching import written
from converters.lowering.normalization import norm
from converters.lowering.scattering import scatter_reduce
from converters.torch.handlers.indexing import index_put
from converters.torch.registry import aten, aten_op, library_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@aten_op(aten.index_reduce.default, how="By comparing each index with each place; up to 64 Mi pairs")
def index_reduce(b: GraphBuilder, self: Operand, dim: int, index: Operand, source: Operand, reduce: str, *, include_self: bool) -> Operand:
    x, updates = (operand if operand.rank else b.reshape(operand, [1]) for operand in (self, source))
    axis = dim % x.rank
    places = b.expand(b.reshape(index, [index.size if i == axis else 1 for i in range(x.rank)]), list(updates.shape))
    return b.reshape(scatter_reduce(b, x, places, updates, axis, reduce, keep=include_self), list(self.shape))


@library_op("webnn_convert::write", how="scatterND")
def write(b: GraphBuilder, past: Operand, rows: Operand, position: Operand) -> Operand:
    return written(b, past, rows, b.cast(b.reshape(position, [1]), "int32"), 2)


@aten_op(aten.put.default, how="scatterND; with accumulation a matrix product")
def put(b: GraphBuilder, self: Operand, index: Operand, source: Operand, accumulate: bool) -> Operand:
    places, values = b.reshape(index, [index.size]), b.reshape(source, [source.size])
    return b.reshape(index_put(b, b.reshape(self, [self.size]), [places], values, accumulate), list(self.shape))


@aten_op(aten.embedding_renorm.default, how="A scale for the rows that are read and longer than allowed")
def embedding_renorm(b: GraphBuilder, self: Operand, indices: Operand, max_norm: float, norm_type: float) -> Operand:
    length = norm(b, self, norm_type, axes=[1], keep=True)
    rows = b.arange(self.shape[0]).reshape(-1, 1)
    read = b.reduceMax(b.equal(rows, b.reshape(b.cast(indices, "int64"), [1, indices.size])), axes=[1], keepDimensions=True)
    scale = b.div(max_norm, b.add(length, 1e-7))
    return b.where(b.logicalAnd(read, b.greater(length, max_norm)), b.mul(self, scale), self)

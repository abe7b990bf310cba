"""The few operators of ai.onnx.ml that work on plain tensors."""

from __future__ import annotations

from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

DOMAIN = "ai.onnx.ml"


@onnx_op("ArrayFeatureExtractor", domain=DOMAIN, how="gather along the last axis")
def array_feature_extractor(b: GraphBuilder, X: Operand, Y: Operand) -> Operand:
    taken = b.gather(X, b.reshape(Y, [Y.size]), axis=X.rank - 1)
    return b.reshape(taken, [1, Y.size]) if X.rank == 1 else taken


@onnx_op("Binarizer", domain=DOMAIN, how="greater and cast")
def binarizer(b: GraphBuilder, X: Operand, *, threshold: float = 0.0) -> Operand:
    return b.cast(b.greater(X, threshold), X.data_type)

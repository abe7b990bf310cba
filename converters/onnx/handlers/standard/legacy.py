"""Operators before opset 7: their second operand broadcasts only when asked to, and attributes say what inputs say later."""

from __future__ import annotations

from collections.abc import Callable

from onnx import TensorProto

from converters.lowering.padding import padded
from converters.onnx.axes import axis_of
from converters.onnx.handlers.standard.casts import cast_to
from converters.onnx.handlers.standard.shapes import resolved
from converters.onnx.registry import Number, SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

BINARY = {
    "Add": "add",
    "And": "logicalAnd",
    "Div": "div",
    "Equal": "equal",
    "Greater": "greater",
    "Less": "lesser",
    "Mul": "mul",
    "Or": "logicalOr",
    "Pow": "pow",
    "Sub": "sub",
    "Xor": "logicalXor",
}


def aligned(b: GraphBuilder, x: Operand, y: Operand, axis: int | None) -> Operand:
    """``y`` with ones appended to its shape, so that its dimensions are those of ``x`` from ``axis`` on."""
    if axis is None:
        return y
    return b.reshape(y, [*y.shape, *[1] * (x.rank - axis_of(axis, x.rank) - y.rank)])


def _binary(name: str) -> Callable[..., Operand]:
    def convert(b: GraphBuilder, A: Operand, B: Operand, *, axis: int | None = None, broadcast: int = 0) -> Operand:
        return b.call(name, A, aligned(b, A, B, axis) if broadcast else B)

    return convert


for onnx_name, webnn_name in BINARY.items():
    onnx_op(onnx_name, how=webnn_name)(_binary(webnn_name))


@onnx_op("Gemm", how="gemm")
def gemm(
    b: GraphBuilder,
    A: Operand,
    B: Operand,
    C: Operand,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    broadcast: int = 0,
    transA: int = 0,
    transB: int = 0,
) -> Operand:
    return b.gemm(A, B, c=C, alpha=alpha, beta=beta, aTranspose=bool(transA), bTranspose=bool(transB))


@onnx_op("Reshape", how="reshape")
def reshape(b: GraphBuilder, data: Operand, *, shape: list[int]) -> Operand:
    return b.reshape(data, resolved(shape, data.shape, copy_zeros=True))


@onnx_op("Tile", how="tile")
def tile(b: GraphBuilder, input: Operand, tiles: Number, axis: Number) -> Operand:
    place = axis_of(int(axis), input.rank)
    return b.tile(input, [int(tiles) if i == place else 1 for i in range(input.rank)])


@onnx_op("Pad", how="pad")
def pad(b: GraphBuilder, data: Operand, *, paddings: list[int], mode: str = "constant", value: float = 0.0) -> Operand:
    if len(paddings) != 2 * data.rank:
        raise ConversionError(f"has {len(paddings)} paddings for {data.rank} dimensions")
    modes = {"constant": "constant", "edge": "edge", "reflect": "reflection"}
    if mode not in modes:
        raise ConversionError(f"mode {mode} is not one of {', '.join(modes)}")
    return padded(b, data, paddings[: data.rank], paddings[data.rank :], modes[mode], value)


@onnx_op("Concat", how="concat")
def concat(b: GraphBuilder, *inputs: Operand, axis: int = 1) -> Operand:
    return b.concat(list(inputs), axis_of(axis, inputs[0].rank))


@onnx_op("Cast", how="cast; to bool a comparison with 0")
def cast(b: GraphBuilder, input: Operand, *, to: str, node: SourceNode) -> Operand:
    types = dict(TensorProto.DataType.items())
    if to.upper() not in types:
        raise ConversionError(f"there is no element type {to}")
    return cast_to(b, input, types[to.upper()], node)

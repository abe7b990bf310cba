"""What ONNX's own code does, as workers for `isolated`: it ends the process on some damaged models."""

from __future__ import annotations

import struct

import onnx


def infer(data: bytes) -> bytes:
    """The types of a model's values, as far as shape inference finds them, as a graph without nodes."""
    graph = onnx.shape_inference.infer_shapes(onnx.ModelProto.FromString(data)).graph
    del graph.node[:], graph.initializer[:], graph.sparse_initializer[:]
    types: bytes = graph.SerializeToString()
    return types


def run_onnxsim(data: bytes, *, path: str, shapes: dict[str, list[int]]) -> bytes:
    """What onnxsim makes of the model in a file, after the size of the model before."""
    import onnxsim

    before = onnx.load(path)
    model, _ = onnxsim.simplify(before, overwrite_input_shapes=shapes)
    simplified: bytes = model.SerializeToString()
    return struct.pack("<Q", before.ByteSize()) + simplified

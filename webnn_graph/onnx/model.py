"""A graph as an ONNX model, whose weights may stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import onnx
from onnx import helper

from webnn_graph.data_types import BYTES
from webnn_graph.formats.table import OPSETS
from webnn_graph.graph import Graph, Operand
from webnn_graph.modules import modules_of
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translated
from webnn_graph.onnx.values import TYPES
from webnn_graph.version import PACKAGE, __version__
from webnn_graph.weight import Place

DIGEST = "webnn.weightsDigest"
"""The member of the model's metadata with the digest of its weights."""

FILES = modules_of("webnn_graph.onnx.operators")
"""The translations, which importing them registers."""


def model_of(
    graph: Graph,
    places: Mapping[str, Place] = MappingProxyType({}),
    *,
    opset: int = OPSETS[-1],
    digest: str = "",
    labels: bool = True,
    bytewise: bool = False,
) -> onnx.ModelProto:
    """The ONNX model that computes what a graph does.

    Args:
        graph: What to write. Its inputs and outputs keep their names, types and shapes; every value in the model has its own declared.
        places: Where weights are, by the names of their constants: external data; the others are written into the model.
        opset: Version of the standard operator set, one of `webnn_graph.formats.table.OPSETS`.
        digest: That of the weights.
        labels: Whether nodes are called like what they came from.
        bytewise: Whether inputs and outputs of 4 bits are bytes instead, for callers that have no arrays of such elements.
    """

    def outside(operand: Operand) -> Operand:
        return Operand(BYTES.get(operand.data_type, operand.data_type), operand.shape, operand.name) if bytewise else operand

    m = ModelBuilder(opset, places)
    inputs = {operand: m.input(outside(operand)) for operand in graph.inputs}
    values = {operand: m.cast(value, TYPES[operand.data_type]) for operand, value in inputs.items()}
    values |= {operand: m.weight(operand, weight) for operand, weight in graph.weights.items()}
    for node in graph.nodes:
        m.begin(node.op, node.label if labels else "")
        for operand, value in zip(node.outputs, translated(m, node, values.__getitem__), strict=True):
            value.wish = value.wish or operand.name
            values[operand] = value
    outputs = {operand.name: m.cast(m.number(values[operand]), TYPES[outside(operand).data_type]) for operand in graph.outputs}
    made = m.graph(graph.name, list(inputs.values()), outputs)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(made, producer_name=PACKAGE, producer_version=__version__, opset_imports=opsets)
    model.ir_version = helper.find_min_ir_version_for(opsets)
    if digest:
        helper.set_model_props(model, {DIGEST: digest})
    return model

"""Measures which types ONNX Runtime has kernels for: ``python -m tests.to_onnx.kernels`` writes ``webnn_graph/onnx/kernels.json``.

Run it with the oldest release that is supported, since newer ones only have more. A node of each kind that the rows of the operator
table become is tried in all types that its schema allows: what no session takes has no kernel.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import onnx
import onnxruntime
from onnx import TensorProto, helper

from tests.ops.test_cases import GIVING
from webnn_graph.builder import GraphBuilder
from webnn_graph.formats.table import OPSETS
from webnn_graph.onnx import kernels, nodes
from webnn_graph.onnx.model import model_of
from webnn_graph.onnx.nodes import schema_of
from webnn_graph.onnx.values import TYPES

OPSET = OPSETS[0]
TRIED = {TensorProto.DataType.Name(type) for type in TYPES.values()} | {"BOOL", "DOUBLE"}
WRITTEN = Path(kernels.__file__).with_suffix(".json")


def kinds_of_nodes() -> Iterator[tuple[onnx.NodeProto, onnx.GraphProto]]:
    """The nodes that all rows become as if there were all kernels, and their graphs; of those that differ in types only one."""
    seen = set()
    for case in GIVING:
        for constants in (False, True):
            b = GraphBuilder()
            graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b, constants=constants))})
            made = model_of(graph, opset=OPSET).graph
            for node in made.node:
                key = (node.op_type, *map(bool, node.input), *map(str, node.attribute))
                if key not in seen and node.op_type != "Cast":
                    seen.add(key)
                    yield node, made


def variants(node: onnx.NodeProto, graph: onnx.GraphProto) -> Iterator[tuple[str, str, onnx.ModelProto]]:
    """Models of a node alone, in which one of its types is another: what the schema calls it, the other's name, and the model."""
    schema = schema_of(node.op_type, OPSET)
    infos = {info.name: info for info in (*graph.input, *graph.value_info, *graph.output)}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    kinds = {name: schema.inputs[min(i, len(schema.inputs) - 1)] for i, name in enumerate(node.input) if name}
    kinds |= {name: schema.outputs[min(i, len(schema.outputs) - 1)] for i, name in enumerate(node.output) if name}
    for kind in dict.fromkeys(kind for name, kind in kinds.items() if name in node.input and len(schema.types[kind]) > 1):
        for type in schema.types[kind]:
            if TensorProto.DataType.Name(type) not in TRIED:
                continue

            def declared(name: str, kind: str = kind, type: int = type) -> onnx.ValueInfoProto:
                if name in constants:
                    own, shape = constants[name].data_type, list(constants[name].dims)
                else:
                    own = infos[name].type.tensor_type.elem_type
                    shape = [d.dim_value for d in infos[name].type.tensor_type.shape.dim]
                return helper.make_tensor_value_info(name, type if kinds[name] == kind else own, shape)

            kept = [name for name in dict.fromkeys(node.input) if name in constants and kinds[name] != kind]
            fed = [declared(name) for name in dict.fromkeys(node.input) if name and name not in kept]
            made = helper.make_graph(
                [node], "single", fed, [declared(name) for name in node.output if name], [constants[name] for name in kept]
            )
            model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
            model.ir_version = helper.find_min_ir_version_for(list(model.opset_import))
            yield kind, TensorProto.DataType.Name(type), model


def measured() -> dict[str, dict[str, list[str]]]:
    """The names of the types that there are kernels for, by operator and by what its schema calls the type."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    takes: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with patch.object(nodes, "carrier_of", lambda op, kind, type, allowed: type):
        for node, graph in kinds_of_nodes():
            for kind, name, model in variants(node, graph):
                takes[node.op_type][kind] |= {name} if _has_kernel(model, options) else set()
    return {op: {kind: sorted(names) for kind, names in sorted(kinds.items())} for op, kinds in sorted(takes.items())}


def _has_kernel(model: onnx.ModelProto, options: onnxruntime.SessionOptions) -> bool:
    try:
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # of several kinds, by what is wrong
        return False
    return True


if __name__ == "__main__":
    lines = ",\n".join(f'    "{op}": {json.dumps(kinds)}' for op, kinds in measured().items())
    of = f'  "of": "onnxruntime {onnxruntime.__version__}, CPUExecutionProvider",\n  "opset": {OPSET},\n'
    WRITTEN.write_text(f'{{\n{of}  "kernels": {{\n{lines}\n  }}\n}}\n')

"""ONNX's own backend test suite: the cases that the installed onnx makes of its operators, and the models that it brings along.

A case is what ONNX says of an operator: a model, inputs, and the outputs that onnx's own code or another framework computed. Inputs
that exporters store in the model, like the shape of a Reshape, are stored here, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.loader import DATA_DIR

from webnn_graph.data_types import Array

MODELS = ("simple", "pytorch-operator", "pytorch-converted")
"""Folders of onnx's data with a model, inputs and outputs each; ``light`` has models and outputs only."""
STANDS_FOR = {"bool": "uint8"} | {name: name for name in "float32 float16 int32 uint32 int64 uint64 int8 uint8".split()}
"""The data types of tensors that WebNN graphs can take and give, and what they are there."""
STORED = {
    "Reshape Expand Tile Upsample Squeeze Unsqueeze Split TopK CumSum CumProd Trilu CenterCropPad AffineGrid SplitToSequence "
    "ReverseSequence CastLike ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp "
    "ReduceSumSquare": [1],
    "ConstantOfShape BlackmanWindow HannWindow HammingWindow": [0],
    "OneHot Clip Dropout DFT Col2Im": [1, 2],
    "STFT": [1, 3],
    "Pad Resize": [1, 2, 3],
    "Slice": [1, 2, 3, 4],
    "MaxUnpool": [2],
    "NonMaxSuppression": [2, 3, 4],
    "Range": [0, 1, 2],
    "MelWeightMatrix": [0, 1, 2, 3, 4],
}
"""Inputs that exporters store in the model, by operators."""
SIZED_BY_VALUES = {"NonZero", "Unique", "Compress", "NonMaxSuppression"}
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}


@dataclass(frozen=True)
class SuiteCase:
    """One case.

    Attributes:
        id: Its category, which is a folder of onnx's data or ``node``, and its name.
        model: What is converted.
        inputs: By name, as WebNN graphs take them; those that are stored in the model are none of them.
        outputs: What ONNX expects, in the model's order.
        representable: Whether WebNN can express it: inputs and outputs are dense tensors of its data types, with elements and a rank
            up to 8, no size depends on values, and nothing is random.
    """

    id: str
    model: onnx.ModelProto
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    representable: bool


@cache
def cases() -> list[SuiteCase]:
    """All cases of the installed onnx; the same in every process."""
    models = [_from_folder(path.parent) for kind in MODELS for path in sorted(Path(DATA_DIR, kind).glob("*/model.onnx"))]
    return [*_of_nodes(), *models, *(_light(path) for path in sorted(Path(DATA_DIR, "light").glob("*.onnx")))]


def _of_nodes() -> Iterator[SuiteCase]:
    """The cases that onnx makes of its operators; after an operator's come the same as the operators that it is made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # onnx divides by zero on purpose
        made = collect_testcases(None)
    stored: dict[str, set[str]] = {}
    for case in made:
        name, model, [(inputs, outputs), *_] = case.name.split("_expanded")[0], case.model, case.data_sets
        yield _case(f"node/{case.name}", model, inputs, outputs, stored.setdefault(name, _stored_inputs(model.graph)))


def _from_folder(folder: Path) -> SuiteCase:
    """A case of onnx's data: the first of its data sets."""
    model, data = onnx.load(folder / "model.onnx"), folder / "test_data_set_0"
    inputs = [_loaded(data / f"input_{i}.pb", info) for i, info in enumerate(_free_inputs(model.graph))]
    outputs = [_loaded(data / f"output_{i}.pb", info) for i, info in enumerate(model.graph.output)]
    return _case(f"{folder.parent.name}/{folder.name}", model, inputs, outputs, _stored_inputs(model.graph))


def _loaded(path: Path, info: onnx.ValueInfoProto) -> TensorProto | None:
    return onnx.load_tensor(path) if info.type.HasField("tensor_type") else None


def _light(path: Path) -> SuiteCase:
    """A network whose weights are constant: its input counts up from 0 to 1."""
    model = onnx.load(path)
    shapes = [[d.dim_value or 1 for d in info.type.tensor_type.shape.dim] for info in _free_inputs(model.graph)]
    inputs = [(np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)).astype(np.float32) for shape in shapes]
    outputs = [onnx.load_tensor(path.with_name(f"{path.stem}_output_{i}.pb")) for i in range(len(model.graph.output))]
    return _case(f"light/{path.stem}", model, inputs, outputs, set())


def _case(id: str, model: onnx.ModelProto, inputs: Sequence[Any], outputs: Sequence[Any], stored: Collection[str]) -> SuiteCase:
    """A case, with the inputs of the names ``stored`` in the model."""
    given = dict(zip((info.name for info in _free_inputs(model.graph)), inputs, strict=True))
    fed = {info.name: _as_in_webnn(info, given[info.name]) for info in _free_inputs(model.graph) if info.name not in stored}
    expected = {info.name: _as_in_webnn(info, value) for info, value in zip(model.graph.output, outputs, strict=True)}
    ops = {node.op_type for node in nodes_of(model.graph)}
    settled = not ops & (RANDOM | SIZED_BY_VALUES) and not ("Dropout" in ops and "training" in id)
    dense = all(array is not None and array.size and array.ndim <= 8 for array in (*fed.values(), *expected.values()))
    if not (settled and dense):
        return SuiteCase(id, model, {}, {}, representable=False)
    return SuiteCase(id, _storing(model, {name: given[name] for name in given if name in stored}), fed, expected, representable=True)


def _as_in_webnn(info: onnx.ValueInfoProto, value: Any) -> Array | None:
    """A value of the suite as the tensor of a WebNN graph; None when it is none."""
    name = info.type.HasField("tensor_type") and onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type).name
    if name not in STANDS_FOR or isinstance(value, list | tuple | dict | None):
        return None
    return np.asarray(numpy_helper.to_array(value) if isinstance(value, TensorProto) else value).astype(STANDS_FOR[name])


def _storing(model: onnx.ModelProto, values: Mapping[str, Any]) -> onnx.ModelProto:
    """The model with these of its inputs as initializers."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    inputs = [info for info in model.graph.input if info.name not in values]
    del made.graph.input[:]
    made.graph.input.extend(inputs)
    for name, value in values.items():
        made.graph.initializer.append(value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value)))
        made.graph.initializer[-1].name = name
    return made


def _stored_inputs(graph: onnx.GraphProto) -> set[str]:
    """The graph's inputs that exporters store."""
    indices = {op: at for ops, at in STORED.items() for op in ops.split()}
    named = {node.input[i] for node in graph.node for i in indices.get(node.op_type, []) if i < len(node.input)}
    return named.intersection(info.name for info in _free_inputs(graph))


def _free_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    weights = {tensor.name for tensor in graph.initializer} | {tensor.values.name for tensor in graph.sparse_initializer}
    return [info for info in graph.input if info.name not in weights]


def nodes_of(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of the graphs in their attributes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from nodes_of(attribute.g)

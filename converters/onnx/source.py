"""An ONNX model as the source of right numbers: run by ONNX Runtime when it is installed, else by onnx's own evaluator."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from converters.onnx import execution
from converters.onnx.reading.inference import inferred_types
from converters.onnx.reading.interface import bound_value, dims_of, free_inputs, numpy_type, size_of
from converters.onnx.reading.load import load_model
from converters.onnx.reading.noise import with_noise
from converters.onnx.reading.order import needed_nodes
from converters.onnx.twins import as_converted, exact_twins
from converters.source import interface_names
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ExecutionError
from webnn_graph.graph import Graph


class OnnxModel:
    """A model that can be run.

    Args:
        model: With nodes in topological order and its weights inside.
        bound: Values of inputs that nobody gives.
        how: What distinguishes it from the source model, for reports.
        optimized: Whether ONNX Runtime may rewrite it.
    """

    def __init__(self, model: onnx.ModelProto, bound: Mapping[str, Array], how: str = "", *, optimized: bool = True) -> None:
        self.model = model
        self._bound = bound
        self._types = {name: numpy_type(info) for name, info in free_inputs(model.graph).items()}
        self._how = how
        self._optimized = optimized
        self._computed_by = execution.default_runner()
        self._empty: Sequence[str] = ()

    @property
    def runner(self) -> str:
        """What runs the model; once it ran, what ran it."""
        return f"{self._computed_by} {self._how}".rstrip()

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs and tensors.

        Raises:
            ExecutionError: The model cannot be run.
        """
        given = dict(self._bound) | dict(inputs)
        missing = [name for name in self._types if name not in given]
        if missing:
            raise ExecutionError(
                f"the source model needs a value for input {', '.join(missing)}", "give the one it was converted with: --bind NAME=VALUE"
            )
        feeds = {name: np.asarray(given[name]).astype(dtype) for name, dtype in self._types.items()}
        asked = [*wanted, *self._empty]
        model = self._with_outputs(asked)
        values, self._computed_by = execution.run(model, feeds, asked, runner=self._computed_by, optimized=self._optimized)
        results = {name: _of_maps(value) for name, value in zip(asked, values, strict=True)}
        filled = [name for name in self._empty if results.pop(name).size]
        if filled:
            raise ExecutionError(f"output {', '.join(filled)} of the source model has elements, and the graph does not have it")
        return results

    def _with_outputs(self, wanted: Sequence[str]) -> onnx.ModelProto:
        own = {info.name for info in self.model.graph.output}
        if set(wanted) <= own:
            return self.model
        extended = onnx.ModelProto()
        extended.CopyFrom(self.model)
        extended.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in own)
        return extended


class OnnxSource(OnnxModel):
    """A `converters.source.Source`.

    Args:
        path: The model's file.
        bind: Values of inputs that the conversion made constants.
        inputs: Tensors at which the conversion cut the graph; empty for the model's own inputs.
        outputs: Tensors at which it ended the graph; empty for the model's own outputs.

    Raises:
        FormatError: The file is no ONNX model.
        ConversionError: The type of a tensor at which it was cut is not known.
    """

    examples: Mapping[str, Array] = {}

    def __init__(
        self, path: Path, *, bind: Mapping[str, Any] | None = None, inputs: Sequence[str] = (), outputs: Sequence[str] = ()
    ) -> None:
        load_model(path)  # for its errors
        model = _sorted(onnx.load(str(path)))
        self.outputs = list(outputs) or [info.name for info in model.graph.output]
        with_noise(model, self.outputs, inputs)
        if inputs:
            _cut(model, inputs, self.outputs, bind or {})
        infos = free_inputs(model.graph)
        super().__init__(model, {name: bound_value(infos[name], value)[0] for name, value in (bind or {}).items() if name in infos})
        self.inputs = [name for name in infos if name not in self._bound]
        self.tensors = [output for node in model.graph.node for output in node.output if output]

    def adapt(self, name: str, values: Array) -> Array:
        """Made-up values for an input; 0 and 1 for booleans."""
        return values % 2 if self._types.get(name) == np.bool_ else values

    def of(self, graph: Graph) -> OnnxSource:
        """The model without the inputs and outputs that a graph lacks because they have no elements, or are strings.

        That such outputs have none is checked when the model runs.
        """
        inputs, outputs = interface_names(self)
        sizes = self._sizes({inputs[operand.name]: operand.shape for operand in graph.inputs if operand.name in inputs})
        there = {operand.name for operand in graph.inputs}
        lacking = [inputs[name] for name in inputs.keys() - there] if there <= inputs.keys() else []
        values = {name: value for name in lacking if (value := self._nothing(name, sizes)) is not None}
        missing = [outputs[name] for name in outputs.keys() - {operand.name for operand in graph.outputs}]
        strings = {info.name for info in self.model.graph.output if info.type.tensor_type.elem_type == onnx.TensorProto.STRING}
        empty = [name for name in missing if name not in strings and self._may_be_empty(name)]
        source = copy.copy(self)
        source.inputs = [name for name in self.inputs if name not in values]
        source.outputs = [name for name in self.outputs if name not in empty and name not in strings]
        source._bound, source._empty = {**self._bound, **values}, empty
        return source

    def _sizes(self, shapes: Mapping[str, Sequence[int]]) -> dict[str, int]:
        """The sizes of named dimensions, of which inputs of these shapes have some."""
        infos = free_inputs(self.model.graph)
        pairs = [pair for name, shape in shapes.items() for pair in zip(dims_of(infos[name]) or (), shape, strict=False)]
        return {dim: size for dim, size in pairs if isinstance(dim, str)}

    def _nothing(self, name: str, sizes: Mapping[str, int]) -> Array | None:
        """The value of an input that no graph has; None for one that a graph could have."""
        info = free_inputs(self.model.graph)[name]
        dims = [size_of(dim, sizes) for dim in dims_of(info) or ()]
        if info.type.tensor_type.elem_type == onnx.TensorProto.STRING:
            return np.full([1 if size is None else size for size in dims], "", object)
        shape = [size or 0 for size in dims]
        return np.zeros(shape, self._types[name]) if 0 in shape else None

    def _may_be_empty(self, name: str) -> bool:
        """Whether an output may have no elements, for all that the model says: what it calls a size may be another."""
        dims = next((dims_of(info) for info in self.model.graph.output if info.name == name), None)
        return dims is None or not all(isinstance(dim, int) and dim for dim in dims)

    def origin(self) -> None:
        """An ONNX file is the model itself, whatever it was exported from."""

    def peer(self) -> OnnxModel | None:
        """See `converters.onnx.twins.as_converted`."""
        model, how = as_converted(self.model)
        return OnnxModel(model, self._bound, how) if how else None

    def twins(self) -> Iterator[OnnxModel]:
        """The model or its peer without the runtime's optimizations, and with less rounding."""
        model, how = as_converted(self.model)
        yield OnnxModel(model, self._bound, ", ".join(filter(None, [how, "without optimizations"])), optimized=False)
        for how, exact in exact_twins(model):
            yield OnnxModel(exact, self._bound, how)


def _of_maps(value: Any) -> Array:
    """The values of maps, a row for each, in the place of the maps of ZipMap."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return np.array([list(item.values()) for item in value], np.float32)
    array: Array = value
    return array


def _cut(model: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str], bind: Collection[str]) -> None:
    """Makes the tensors ``inputs`` the model's inputs, with the types that shape inference finds, and leaves out what only fed them.

    Sizes are those of what is fed, which need not be those that the model says; but for ``bind``.

    Raises:
        ConversionError: A type is not known.
    """
    graph, known = model.graph, inferred_types(model)
    unknown = [name for name in inputs if name not in known]
    if unknown:
        raise ConversionError(f"the type of tensor {unknown[0]!r} is not known, so the source model cannot start there")
    weights = {tensor.name for tensor in graph.initializer} - set(inputs)
    _replace(graph.node, needed_nodes(graph.node, outputs, {*inputs, *weights}))
    _replace(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in weights])
    _replace(graph.input, [known[name] for name in inputs])
    _replace(graph.output, [info for info in graph.output if info.name in outputs])
    del graph.value_info[:]
    for info in (*graph.output, *(info for info in graph.input if info.name not in bind)):
        for dim in info.type.tensor_type.shape.dim:
            dim.Clear()


def _sorted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its nodes in topological order, which exporters do not always keep and runtimes ask for."""
    graph = model.graph
    given = {info.name for info in graph.input} | {tensor.name for tensor in graph.initializer}
    _replace(graph.node, needed_nodes(graph.node, [output for node in graph.node for output in node.output if output], given))
    return model


def _replace(field: Any, items: Sequence[Any]) -> None:
    """Makes ``items``, of which some may be in it, all that a repeated field of a message holds."""
    copies = [type(item)() for item in items]
    for made, item in zip(copies, items, strict=True):
        made.CopyFrom(item)
    del field[:]
    field.extend(copies)

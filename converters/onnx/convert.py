"""From an ONNX model to a WebNN graph."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import onnx

from converters.described import described
from converters.onnx import handlers
from converters.onnx.conversion import Conversion
from converters.onnx.cuts import hints as cut_hints
from converters.onnx.reading.belonging import check_weights
from converters.onnx.reading.interface import Input, InterfaceOptions, bound_value, free_inputs, graph_inputs, unread_strings
from converters.onnx.reading.load import model_of
from converters.onnx.reading.retype import IN_FLOAT16, retyped
from converters.onnx.reading.structure import check_model
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import Value
from converters.onnx.scope import GraphScope
from converters.onnx.selections.values import Sizes, as_operand
from converters.onnx.text import Text
from converters.plugins import load_plugins
from converters.problems import Report
from converters.random_numbers import Random, check, finished
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.collecting import rarely
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize
from webnn_graph.progress import Watcher

assert handlers  # importing it fills HANDLERS


@rarely()
def convert(
    model: str | os.PathLike[str] | bytes | IO[bytes] | onnx.ModelProto,
    *,
    name: str = "",
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    bind: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    unsupported_floats: str = "float32",
    random: Random = None,
    budget: float = 1.0,
    progress: Watcher | None = None,
) -> Graph:
    """Converts an ONNX model.

    Args:
        model: The path of a file, a file that is open, its bytes, or a model in memory, which is not changed; also what has one,
            as what ``torch.onnx.export`` returns.
        name: The graph's name; by default the file's stem, or the name in the model.
        dims: Sizes of named dimensions.
        shapes: Whole shapes by input, for dimensions without a name; one that stands there as a name has its size in ``dims``.
        bind: Values of inputs that become constants: numbers, lists or arrays.
        inputs: Tensors at which the graph is cut, which become its inputs instead of the model's.
        outputs: Tensors to return instead of the model's outputs.
        unsupported_floats: What bfloat16 and float64, which WebNN lacks, become: ``float32`` or ``float16``.
        random: What becomes of random numbers: ``inputs`` of the graph, or constants, of a seed. By default they are refused.
        budget: How many times the normal work, memory and time the conversion may take.
        progress: Is called with a `webnn_graph.progress.Progress` as nodes are converted and passes run; what it raises ends the
            conversion.

    Returns:
        A graph with the model's inputs and outputs. Labels are the model's node names; operands are named after its tensors.

    Raises:
        FormatError: The file is no ONNX model, or what is given is none.
        ConversionError: The model cannot be converted; the message lists all operators that stop it.
        BudgetExceeded: The conversion would take more than its budget.
    """
    folder = path = None
    if isinstance(model, str | os.PathLike):
        path = Path(model)
        folder, name = path.parent, name or path.stem
    model = model_of(model)
    check_model(model)
    if folder is not None:
        check_weights(model, folder)
    load_plugins("onnx")
    narrow = retyped(model, IN_FLOAT16, folder) if unsupported_floats == "float16" else None
    model = narrow or model
    settings = InterfaceOptions(dims or {}, shapes or {}, bind or {}, inputs, outputs, check(random))
    conversion = Conversion(model, folder, name or model.graph.name or "model", settings, Budget(budget), progress)
    if narrow:
        conversion.builder.note("bfloat16 and float64 became float16")
    graph = finished(optimize(_graph(conversion), progress), random)
    return described(graph, path, {entry.key: entry.value for entry in model.metadata_props})


def _graph(conversion: Conversion) -> Graph:
    """The graph of the model as it stands. Raises `ConversionError` with every problem of the model."""
    graph, b, settings = conversion.model.graph, conversion.builder, conversion.settings
    scope = scope_of(conversion)
    cut = conversion.inferred if settings.inputs else {}
    unread = unread_strings(graph, settings)
    for name in unread:
        b.note(f"input {name} is left out: it is of strings, which WebNN lacks, and nothing reads it")
    for given in graph_inputs(graph, settings, cut, unread):
        scope.values[given.name] = _input(conversion, given)
        scope.types[given.name] = given.element.onnx_type
    wanted = list(settings.outputs) or [output.name for output in graph.output]
    twice = [name for name, count in Counter(wanted).items() if count > 1]
    if twice:
        raise ConversionError(f"output {twice[0]!r} is listed twice")
    outputs = run(conversion, scope, wanted)
    if not settings.outputs:
        _check_declared(conversion.model, scope)
    made = {name: value for name, value in zip(wanted, outputs, strict=True) if not isinstance(value, Text)}
    for name in wanted:
        if name not in made:
            b.note(f"output {name} is left out: it is of strings, which WebNN lacks")
    results = _with_elements(b, {name: _output(name, value) for name, value in made.items()})
    for kind, count in conversion.replaced.items():
        data_type = Element(onnx.TensorProto.DataType.Value(kind.upper())).data_type
        b.note(f"{count} {kind} tensor{'s' if count > 1 else ''} became {data_type}")
    return b.build(results)


def scope_of(conversion: Conversion) -> GraphScope:
    """The values that are there before any node: the model's weights, and the inputs that are bound."""
    graph, bind = conversion.model.graph, conversion.settings.bind
    scope = GraphScope(conversion, conversion.opsets)
    scope.add_graph(graph)
    for info in free_inputs(graph).values():
        if info.name in bind:
            value, data_type = bound_value(info, bind[info.name])
            scope.values[info.name] = conversion.builder.constant(value, data_type)
    return scope


def run(conversion: Conversion, scope: GraphScope, wanted: Sequence[str]) -> list[Value]:
    """The values of these tensors. Raises `Report` with every problem of the nodes that they need."""
    outputs = scope.run_nodes(conversion.model.graph, wanted)
    outputs = [as_operand(conversion.builder, value) if isinstance(value, Sizes) else value for value in outputs]
    conversion.refuse_selections(outputs)
    if conversion.problems:
        _add_options(conversion, scope, wanted)
        opsets = ", ".join(f"{domain} opset {version}".lstrip() for domain, version in conversion.opsets.items())
        raise Report(conversion.problems, f"{conversion.builder.name} ({opsets or 'no opset'})", conversion.nodes)
    return outputs


def _add_options(conversion: Conversion, scope: GraphScope, wanted: Sequence[str]) -> None:
    """Says of problems that a cut would solve which options make it."""
    constant = {name for name, value in scope.values.items() if isinstance(value, Operand) and conversion.builder.is_known(value)}
    constant |= {tensor.name for tensor in conversion.model.graph.initializer}
    begins = conversion.settings.inputs or [name for name in free_inputs(conversion.model.graph) if name not in conversion.settings.bind]
    found = cut_hints(conversion.model.graph, conversion.refused, begins, wanted, constant)
    conversion.problems = [replace(problem, hint=found.get(problem.hint, problem.hint)) for problem in conversion.problems]


def _input(conversion: Conversion, given: Input) -> Operand:
    conversion.element(given.element.onnx_type)
    if given.is_empty:
        conversion.builder.note(f"input {given.name} is left out: of shape {list(given.shape)} it has no elements")
        return conversion.builder.constant(np.zeros(given.shape, given.data_type.numpy), given.data_type)
    return conversion.builder.input(given.name, given.data_type, given.shape)


def _with_elements(b: GraphBuilder, results: Mapping[str, Operand]) -> dict[str, Operand]:
    """The outputs without those that have no elements, of which the notes say so.

    Raises:
        ConversionError: None has any.
    """
    for name, operand in results.items():
        if not operand.size:
            b.note(f"output {name} is left out: of shape {list(operand.shape)} it has no elements")
    kept = {name: operand for name, operand in results.items() if operand.size}
    if not kept:
        hint = "give other sizes, or choose other outputs: --output NAME"
        raise ConversionError("no output is left: none has elements that WebNN can hold", hint)
    return kept


def _check_declared(model: onnx.ModelProto, scope: GraphScope) -> None:
    """Raises `ConversionError` when an output is of another element type than the model says."""
    for info in model.graph.output:
        declared, found = info.type.tensor_type.elem_type, scope.types.get(info.name)
        if declared and found is not None and declared != found and not isinstance(scope.values.get(info.name), Text):
            raise ConversionError(f"output {info.name} is declared as {Element(declared).name}, and is {Element(found).name}")


def _output(name: str, value: Value) -> Operand:
    if not isinstance(value, Operand):
        kind = "a sequence" if isinstance(value, list) else "absent"
        raise ConversionError(f"output {name} is {kind}; WebNN graphs return tensors only", "choose other outputs: --output NAME")
    return value

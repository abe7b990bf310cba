"""A PyTorch model as it is: its interface, symbols, operators and weights, and what stops its conversion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.overview import Dimension, Overview, Tensor, Weights, counted, problems_of
from converters.problems import Problem
from converters.supervised import limited
from converters.torch.archive import kind_of
from converters.torch.decompose import is_convertible, overloads
from converters.torch.dimensions import dimensions, how_to_give
from converters.torch.handlers.refused import why_refused
from converters.torch.inputs import parameters_of, tensor_inputs
from converters.torch.interface import graph_outputs, output_values
from converters.torch.load import load_state
from converters.torch.model import TorchModel
from webnn_graph.errors import ConversionError, WebNNError, Where
from webnn_graph.file_kinds import FileKind


def overview(model: TorchModel) -> Overview:
    """What there is to know of a model; its conversion is tried as far as its inputs are known.

    Raises:
        FormatError: The file is damaged or no PyTorch model.
    """
    with limited(model.path, model.budget.factor):
        kind = kind_of(model.path)
        try:
            loaded = model.loaded.module
        except ConversionError as error:  # a state dict needs its module, a pickle to be trusted
            state = load_state(model.path) if kind in (FileKind.SAFETENSORS, FileKind.PICKLE) else {}
            return Overview(kind.title, model.name, problems=problems_of(error), weights=_weights(state.values()))
        if isinstance(loaded, ExportedProgram):
            return _of_program(model, kind, loaded)
        return _of_module(model, kind, loaded)


def _of_program(model: TorchModel, kind: FileKind, program: ExportedProgram) -> Overview:
    there = dimensions(program)
    sizes = model.sizes(program) if there else {}
    missing = how_to_give(program, [name for name in there if name not in sizes])
    operators = [str(overload) for overload in overloads(program)]
    if missing:
        problems = [
            Problem(str(node.target), Where(node=node.name), why_refused(node.target).what)
            for node in program.graph.nodes
            if isinstance(node.target, torch._ops.OpOverload) and not is_convertible(node.target)
        ]
    else:
        operators, problems = _tried(model, operators)
    return Overview(
        kind.title,
        model.name,
        {"parameters": sum(tensor.numel() for tensor in program.state_dict.values())},
        [_tensor(name, fake) for name, fake in tensor_inputs(program).items()],
        _outputs(program),
        [Dimension(name, symbol.places, sizes.get(name), symbol.least, symbol.most) for name, symbol in there.items()],
        missing,
        counted(operators, problems, checked=not missing and all(problem.operator for problem in problems)),
        problems,
        weights=_weights([*program.state_dict.values(), *(c for c in program.constants.values() if isinstance(c, torch.Tensor))]),
    )


def _of_module(model: TorchModel, kind: FileKind, module: torch.nn.Module) -> Overview:
    metadata = {"class": type(module).__name__, "forward takes": ", ".join(parameters_of(module) or ())}
    operators, problems = _tried(model, [])
    program = None if any(not problem.operator for problem in problems) else model.program
    return Overview(
        kind.title,
        model.name,
        {name: value for name, value in metadata.items() if value},
        [_tensor(name, fake) for name, fake in tensor_inputs(program).items()] if program else [],
        _outputs(program) if program else [],
        operators=counted(operators, problems, checked=True),
        problems=problems,
        weights=_weights([*module.state_dict().values()]),
    )


def _tried(model: TorchModel, operators: list[str]) -> tuple[list[str], list[Problem]]:
    """The operators of the program that is converted, by default these; and what stops the conversion."""
    try:
        operators = [str(overload) for overload in overloads(model.program)]
        model.convert()
    except WebNNError as error:
        return operators, problems_of(error)
    return operators, []


def _tensor(name: str, fake: Any) -> Tensor:
    shape = [size if isinstance(size, int) else str(size) for size in fake.shape]
    return Tensor(name, str(fake.dtype).removeprefix("torch."), shape)


def _outputs(program: ExportedProgram) -> list[Tensor]:
    values = [getattr(value, "meta", {}).get("val") for value in output_values(program)]
    return [_tensor(name, fake) for name, fake in zip(graph_outputs(program), values, strict=True) if isinstance(fake, torch.Tensor)]


def _weights(tensors: Iterable[torch.Tensor]) -> list[Weights]:
    by_type: dict[str, list[torch.Tensor]] = {}
    for tensor in tensors:
        by_type.setdefault(str(tensor.dtype).removeprefix("torch."), []).append(tensor)
    return [
        Weights(name, len(found), sum(t.numel() for t in found), sum(t.numel() * t.element_size() for t in found))
        for name, found in by_type.items()
    ]

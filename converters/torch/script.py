"""TorchScript modules as exported programs.

An archive of a stranger is made one in a process of its own: PyTorch crashes on damaged ones, and code may run forever.
"""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.isolated import Limits, Stopped, isolated
from converters.torch.export import export
from converters.torch.inputs import bind, brought_along
from converters.torch.load import load_script, part
from converters.torch.reading.program import load_program
from converters.torch.reading.script import checked_script
from webnn_graph.budget import Budget
from webnn_graph.errors import ConversionError, reason

SECONDS, SECONDS_PER_MB, MOST_SECONDS = 16, 400, 1200
"""Processor time of the process: for the libraries, for a megabyte of the archive, and at most."""
MEMORY, COPIES = 2 << 30, 10
"""Bytes of memory that the process may allocate, besides so many copies of the archive."""


def script_program(
    path: Path,
    given: Mapping[str, torch.Tensor],
    *,
    submodule: str = "",
    trust_script: bool = False,
    budget: Budget | None = None,
) -> ExportedProgram:
    """The program of a TorchScript archive for inputs of exactly these shapes, made in a process of its own.

    Args:
        path: The archive.
        given: Inputs by the names of ``forward``'s parameters; see `converters.torch.inputs.bind`.
        submodule: Dotted name of the part to take; all of it by default.
        trust_script: Whether its code may do anything, files included.
        budget: What loading may decompress; its factor raises the limits of the process.

    Raises:
        ConversionError: The code does what no network needs, takes too long, or cannot be converted.
        FormatError: The archive is damaged.
    """
    budget = budget or Budget()
    archive = checked_script(path, budget, trusted=trust_script)
    size = len(archive) / 1e6
    limits = Limits(
        seconds=min(SECONDS + SECONDS_PER_MB * size, MOST_SECONDS) * budget.factor,
        memory=int((MEMORY + COPIES * len(archive)) * budget.factor),
        file_size=2**62 if trust_script else 0,
    )
    request = io.BytesIO()
    torch.save({"archive": torch.from_numpy(np.frombuffer(archive, np.uint8).copy()), "inputs": dict(given)}, request)
    try:
        answer = isolated(saved_program, request.getvalue(), limits, path=str(path), submodule=submodule)
    except Stopped as stopped:
        raise ConversionError(
            f"{path}: the process that PyTorch converts it in {stopped}",
            f"the archive is damaged, or its code does not end; for a large model, --budget {2 * budget.factor:g} allows twice as much",
        ) from None
    return load_program(io.BytesIO(answer), Budget(budget.factor), name=str(path))


def saved_program(request: bytes, *, path: str, submodule: str) -> bytes:
    """A worker of `converters.isolated`: the program that `script_program` wants, as ``torch.export.save`` writes it."""
    torch.set_num_threads(1)
    content = torch.load(io.BytesIO(request), weights_only=True)
    module = part(path, load_script(content["archive"].numpy().tobytes(), path), submodule)
    given = content["inputs"]
    args, kwargs = bind(module, given) if given else brought_along(module)
    written = io.BytesIO()
    torch.export.save(export_script(module, args, kwargs), written)
    return written.getvalue()


def export_script(module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> ExportedProgram:
    """The program of a script module for inputs of exactly these shapes.

    PyTorch's converter translates its code; where that fails, it is run on the inputs and what it does is recorded, which
    fixes the branches it takes.

    Raises:
        ConversionError: Neither works; the message says what stopped each.
    """
    names, ordered = _in_order(module, args, kwargs or {})
    programs, reasons = [], []
    for way, capture in (("PyTorch's converter", _converted), ("tracing", _traced)):
        try:
            programs.append(export(_with_parameters(capture(module, _copies(ordered)), names), _copies(ordered)))
        except Exception as error:  # neither has a common exception
            reasons.append(f"  {way}: {reason(error)}")
            continue
        if _is_static(programs[-1]):
            return programs[-1]
    if programs:
        return programs[0]
    raise ConversionError(
        "\n".join(["the TorchScript module cannot be converted", *reasons]),
        "convert a part of it: --submodule NAME; or export the module that it was made of: torch.export.export(module, args)",
    )


def _is_static(program: ExportedProgram) -> bool:
    """Whether all sizes are known: those that a script computes of tensors become symbols, unless tracing finds them constant."""
    fakes = (leaf for node in program.graph.nodes for leaf in pytree.tree_leaves(node.meta.get("val")))
    return all(isinstance(size, int) for fake in fakes if isinstance(fake, torch.Tensor) for size in fake.shape)


def _in_order(module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """The names of the parameters that are given, or come before one that is, and all arguments by position."""
    forward: Any = module.forward
    schema = forward.schema
    parameters = schema.arguments[1:]
    count = max([len(args), *(i + 1 for i, parameter in enumerate(parameters) if parameter.name in kwargs)])
    rest = [kwargs.get(parameter.name, parameter.default_value) for parameter in parameters[len(args) : count]]
    return [parameter.name for parameter in parameters[:count]], [*args, *rest]


def _copies(args: Sequence[Any]) -> list[Any]:
    """Tensors of their own for each attempt: PyTorch notes on a tensor which of its sizes may change."""
    return [arg.detach().clone() if isinstance(arg, torch.Tensor) else arg for arg in args]


def _converted(module: torch.nn.Module, args: Sequence[Any]) -> torch.nn.Module:
    from torch._export.converter import TS2EPConverter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TS2EPConverter(module, tuple(args), {}).convert().module()  # type: ignore[arg-type]


def _traced(module: torch.nn.Module, args: Sequence[Any]) -> torch.nn.Module:
    from torch.fx.experimental.proxy_tensor import make_fx

    def call(*tensors: Any) -> Any:
        return module(*tensors)

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_fx(call)(*args)


def _with_parameters(module: torch.nn.Module, names: Sequence[str]) -> torch.nn.Module:
    """The module, its parameters called as in the source: the graph's inputs are."""
    unnamed = module.forward

    def forward(*args: Any) -> Any:
        return unnamed(*args)

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    forward.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    module.forward = forward
    return module

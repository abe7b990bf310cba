"""TorchScript modules as exported programs."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.torch.export import export
from webnn_graph.errors import ConversionError


def export_script(module: torch.jit.ScriptModule, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> ExportedProgram:
    """The program of a script module for inputs of exactly these shapes.

    PyTorch's converter translates its code; where that fails, it is run on the inputs and what it does is recorded, which
    fixes the branches it takes.

    Raises:
        ConversionError: Neither works; the message says what stopped each.
    """
    names, ordered = _in_order(module, args, kwargs or {})
    try:
        found = _converted(module, ordered)
    except Exception as first:  # the converter has no common exception
        try:
            found = _traced(module, ordered)
        except Exception as second:
            reasons = [str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__ for error in (first, second)]
            raise ConversionError(
                f"the TorchScript module cannot be converted\n  PyTorch's converter: {reasons[0]}\n  tracing: {reasons[1]}",
                "convert a part of it: --submodule NAME; or export the module that it was made of: torch.export.export(module, args)",
            ) from None
    return export(_with_parameters(found, names), ordered)


def _in_order(module: torch.jit.ScriptModule, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """The names of the parameters that are given, or come before one that is, and all arguments by position."""
    schema: Any = module.forward.schema  # type: ignore[attr-defined]
    parameters = schema.arguments[1:]
    count = max([len(args), *(i + 1 for i, parameter in enumerate(parameters) if parameter.name in kwargs)])
    rest = [kwargs.get(parameter.name, parameter.default_value) for parameter in parameters[len(args) : count]]
    return [parameter.name for parameter in parameters[:count]], [*args, *rest]


def _converted(module: torch.jit.ScriptModule, args: Sequence[Any]) -> torch.nn.Module:
    from torch._export.converter import TS2EPConverter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TS2EPConverter(module, tuple(args), {}).convert().module()  # type: ignore[no-any-return]


def _traced(module: torch.jit.ScriptModule, args: Sequence[Any]) -> torch.nn.Module:
    from torch.fx.experimental.proxy_tensor import make_fx

    def call(*tensors: Any) -> Any:
        return module(*tensors)

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_fx(call)(*args)  # type: ignore[no-any-return]


def _with_parameters(module: torch.nn.Module, names: Sequence[str]) -> torch.nn.Module:
    """The module, its parameters called as in the source: the graph's inputs are."""
    unnamed = module.forward

    def forward(*args: Any) -> Any:
        return unnamed(*args)

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    forward.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    module.forward = forward
    return module

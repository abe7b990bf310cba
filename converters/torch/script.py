"""TorchScript modules as exported programs."""

from __future__ import annotations

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
    try:
        return _converted(module, args, kwargs)
    except Exception as first:  # the converter has no common exception
        try:
            return _traced(module, args, kwargs)
        except Exception as second:
            reasons = [str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__ for error in (first, second)]
            raise ConversionError(
                f"the TorchScript module cannot be converted\n  PyTorch's converter: {reasons[0]}\n  tracing: {reasons[1]}",
                "convert a part of it: --submodule NAME; or export the original: torch.export.save(torch.export.export(module, args), 'm.pt2')",
            ) from None


def _converted(module: torch.jit.ScriptModule, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> ExportedProgram:
    from torch._export.converter import TS2EPConverter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TS2EPConverter(module, tuple(args), dict(kwargs or {})).convert()


def _traced(module: torch.jit.ScriptModule, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> ExportedProgram:
    from torch.fx.experimental.proxy_tensor import make_fx

    def call(*tensors: Any) -> Any:
        return module(*tensors, **dict(kwargs or {}))

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorded = make_fx(call)(*args)
    schema: Any = module.forward.schema  # type: ignore[attr-defined]
    _name_inputs(recorded, [argument.name for argument in schema.arguments[1:]])
    return export(recorded, args, {})


def _name_inputs(recorded: torch.fx.GraphModule, names: Sequence[str]) -> None:
    """Gives the parameters of a recorded function their names in the source."""
    placeholders = [node for node in recorded.graph.nodes if node.op == "placeholder"]
    for node, name in zip(placeholders, names, strict=False):
        node.target = node.name = name
    recorded.recompile()

"""From a module, or a program, to a program that a WebNN graph can be made of."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.plugins import load_plugins
from converters.torch.constants import with_known_sizes
from converters.torch.decompose import decompose, functional
from converters.torch.export import export, specialize
from converters.torch.masks import with_rows_in_place
from converters.torch.script import export_script
from webnn_graph.errors import ConversionError, WebNNError, reason


def captured(
    module: torch.nn.Module | ExportedProgram, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> ExportedProgram:
    """The program of a module, with static shapes, decomposed as far as handlers need; see `converters.torch.convert`."""
    load_plugins("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch's own calls of what it is going to change
        try:
            program = functional(_exported(module, args, kwargs))
            for _ in range(2):  # a decomposition can show that a size depends on constants only
                program = decompose(with_known_sizes(program))
            return with_rows_in_place(program)
        except WebNNError:
            raise
        except Exception as error:  # PyTorch has no common exception for a program that contradicts itself
            raise ConversionError(f"PyTorch {torch.__version__} cannot trace the model: {reason(error)}") from error


def _exported(
    module: torch.nn.Module | ExportedProgram, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> ExportedProgram:
    if isinstance(module, ExportedProgram):
        return specialize(module, args, kwargs)
    if isinstance(module, torch.jit.ScriptModule):
        return export_script(module, args, kwargs)
    return export(module, args, kwargs)

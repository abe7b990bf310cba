"""A model from a file with its example inputs: what the command line converts and verifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.torch.convert import Conversion, captured
from converters.torch.inputs import InputSpec, bind, bind_program, brought_along
from converters.torch.load import load
from converters.torch.source import TorchSource
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph


class TorchModel:
    """A model of a file.

    Args:
        path: See `converters.torch.load.load`, also for ``loading``.
        inputs: Names, types and shapes of the inputs. Without any, those of ``values`` or those that the model brings.
        values: Arrays by input name; they give types and shapes where ``inputs`` does not.
        dims: Sizes of the dimensions that have names in ``inputs``.
        name: The graph's name; by default the file's stem.
        loading: What else `load` takes.
    """

    def __init__(
        self,
        path: Path,
        *,
        inputs: Sequence[InputSpec] = (),
        values: Mapping[str, Array] | None = None,
        dims: Mapping[str, int] | None = None,
        name: str = "",
        **loading: Any,
    ) -> None:
        self.path = path
        self.name = name or path.stem
        self._inputs = inputs
        self._values = values or {}
        self._dims = dims or {}
        self._loading = loading

    def convert(self) -> Graph:
        """The graph. Raises `ConversionError` and `FormatError` as `load` and `converters.torch.convert` do."""
        return Conversion(self.program, self.name).graph()

    def source(self) -> TorchSource:
        """The model as the source of right numbers."""
        return TorchSource(self.program)

    @cached_property
    def program(self) -> ExportedProgram:
        """The model as a program that holds what can be converted, wherever possible."""
        model = load(self.path, **self._loading)
        args, kwargs = self._example_inputs(model)
        return captured(model, args, kwargs)

    def _example_inputs(self, model: torch.nn.Module | ExportedProgram) -> tuple[Sequence[Any], Mapping[str, Any]]:
        given = {name: torch.from_numpy(array) for name, array in self._values.items()}
        given |= {spec.name: spec.tensor(self._dims) for spec in self._inputs}
        unused = set(self._dims) - {size for spec in self._inputs for size in spec.shape}
        if unused:
            raise ConversionError(f"no input has a dimension {unused.pop()}", "--input 'x:float32[batch,3,224,224]' --dim batch=1")
        if isinstance(model, ExportedProgram):
            return bind_program(model, given) if given else ((), {})
        return bind(model, given) if given else brought_along(model)

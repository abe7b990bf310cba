"""PyTorch models of the zoo."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.torch.capture import captured
from converters.torch.conversion import Conversion
from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from converters.torch.source import TorchSource
from converters.torch.tensors import DATA_TYPES, to_array
from models.zoo.fetch import fetch
from models.zoo.loaded import Loaded
from models.zoo.made import made
from models.zoo.manifest import ZOO, Model
from models.zoo.package_code import make
from webnn_graph.errors import WebNNError, Where
from webnn_graph.graph import Graph


def loaded_torch(model: Model, folder: Path = ZOO.parent) -> Loaded:
    """See `models.zoo.loading.loaded`."""
    if model.kind == "python":
        module = MadeModule(model, folder)
        return Loaded(module.convert, module.source, lambda: _calls(module.program))
    path = fetch(model, folder)
    own = torch_model(model, path)
    files = tuple(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)
    return Loaded(own.convert, own.source, lambda: _calls(own.program), files)


class MadeModule:
    """A module that is made on the spot.

    Args:
        model: The row.
        folder: The manifest's.
    """

    def __init__(self, model: Model, folder: Path) -> None:
        self._model = model
        self._folder = folder

    def convert(self) -> Graph:
        """The graph. Raises `ConversionError`."""
        return Conversion(self.program, self._model.name).graph()

    def source(self) -> TorchSource:
        """The module as the source of right numbers, with the inputs that it was made with."""
        inputs = {name: to_array(value) for name, value in self._made[1].items() if _is_array(value)}
        return TorchSource(self.program, inputs)

    @cached_property
    def program(self) -> ExportedProgram:
        """The module, captured for its inputs."""
        module, inputs = self._made
        return captured(module, (), inputs)

    @cached_property
    def _made(self) -> tuple[torch.nn.Module, dict[str, Any]]:
        result = made(self._model, self._folder)
        if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], torch.nn.Module)):
            hint = "a PyTorch module and its inputs by name are expected"
            raise WebNNError(f"{self._model.source} returned {type(result).__name__}", hint, Where(node=self._model.name))
        return result


def torch_model(model: Model, path: Path) -> TorchModel:
    """The model as torch2webnn takes it.

    Args:
        model: The manifest's entry.
        path: Its file; its companions stand beside it.
    """
    folder = path.parent if "config.json" in _names(model) else path
    inputs = [InputSpec.parse(text) for text in model.inputs]
    return TorchModel(folder, inputs=inputs, dims=model.dims, name=model.name, **loading(model, path))


def loading(model: Model, path: Path) -> dict[str, Any]:
    """What `converters.torch.load.load` needs besides the file."""
    if not model.module:
        return {"submodule": model.submodule}
    (code,) = (member for member in model.companions if member.endswith(".py"))
    arguments: dict[str, Any] = {
        "file": str(path.with_name(Path(code).name)),
        "name": code.removesuffix(".py").replace("/", "."),
        "attribute": model.module,
        "arguments": dict(model.module_args),
        "imports": dict(model.imports),
    }
    return {"factory": partial(make, **arguments)}


def _is_array(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype in DATA_TYPES


def _calls(program: ExportedProgram) -> int:
    return sum(node.op == "call_function" for node in program.graph.nodes)


def _names(model: Model) -> set[str]:
    return {Path(member).name for member in model.companions}

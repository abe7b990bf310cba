"""A graph from whatever holds a model: files of graphs are read, a source model is converted first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from converters.commands.beside import dims_beside
from converters.random_numbers import Random
from converters.source import interface_names
from webnn_graph.errors import ConversionError
from webnn_graph.file_kinds import ModelKind, file_kind, wrong_kind
from webnn_graph.graph import Graph


@dataclass(frozen=True)
class Opening:
    """What is said of a source model that is converted to be looked at; each kind of model takes some of it.

    Attributes:
        dims: Sizes of named dimensions.
        shapes: Whole shapes by input.
        bind: Values of inputs that become constants.
        inputs: Of an ONNX model, tensors to begin at; of a PyTorch model, inputs like ``x:float32[1,3,224,224]``.
        outputs: Tensors to end at.
        task: Of a Hugging Face folder, the head.
        submodule: The part of a PyTorch model.
        factory: Of a state dict, what makes its module.
        factory_args: The arguments of that, as JSON.
        state_dict: Of a checkpoint, which of its state dicts.
        trust_pickle: Whether the file may run code while it is loaded.
        trust_script: Whether the code of a TorchScript archive may be anything.
        random: What becomes of random numbers.
        budget: How many times the normal work, memory and time the conversion may take.
    """

    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    task: str = ""
    submodule: str = ""
    factory: str = ""
    factory_args: str = ""
    state_dict: str = ""
    trust_pickle: bool = False
    trust_script: bool = False
    random: Random = None
    budget: float = 1.0

    def beside(self, path: Path, kind: ModelKind) -> Opening:
        """The same with what is not said of sizes from the file beside a source model. Raises `FormatError` when that is none."""
        return self if kind is ModelKind.GRAPH else replace(self, dims={**dims_beside(path, self.dims), **self.dims})

    def check(self, path: Path, kind: ModelKind) -> None:
        """Raises `ConversionError` when something is said that a model of this kind has no use for."""
        for option in fields(self):
            said = getattr(self, option.name)
            is_said = bool(said) or (option.name == "random" and said is not None)
            if is_said and option.name not in TAKEN[kind] | {"budget"}:
                raise ConversionError(f"{path} is {kind.value}, which takes no {OPTIONS.get(option.name, f'--{option.name}')}")


OPTIONS = {
    "dims": "--dim",
    "shapes": "--shape",
    "inputs": "--input",
    "outputs": "--output",
    "factory": "--model",
    "factory_args": "--model-args",
    "state_dict": "--state-dict",
    "trust_pickle": "--trust-pickle",
    "trust_script": "--trust-script",
}
LOADING = {"task", "submodule", "factory", "factory_args", "state_dict", "trust_pickle", "trust_script", "random"}
TAKEN = {
    ModelKind.GRAPH: {"dims"},
    ModelKind.ONNX: {"dims", "shapes", "bind", "inputs", "outputs", "random"},
    ModelKind.TORCH: {"dims", "inputs", *LOADING},
}
"""What of an `Opening` each kind of model takes."""


def kind_of(path: Path) -> ModelKind:
    """What a file or folder holds.

    Raises:
        FormatError: It is missing, or no model.
    """
    kind = file_kind(path)
    if kind.model is None:
        raise wrong_kind(str(path), kind, ModelKind)
    return kind.model


def open_graph(path: Path, opening: Opening = Opening()) -> Graph:
    """The graph of a model: read, or converted if it is a source model. Nothing is written.

    Args:
        path: A ``.webnn`` or ``.json`` file, or whatever `onnx2webnn` and `torch2webnn` convert.
        opening: What is said of the model.

    Raises:
        WebNNError: It cannot be read or converted, or takes no such options.
    """
    kind = kind_of(path)
    opening.check(path, kind)
    return _OPENED[kind](path, opening.beside(path, kind))


def sources_of(path: Path) -> list[Path]:
    """The files that a model is read from."""
    files_of = import_module(_FILES[kind_of(path)]).files_of
    return list(files_of(path))


_FILES = {
    ModelKind.GRAPH: "webnn_graph.formats",
    ModelKind.ONNX: "converters.onnx.reading.files",
    ModelKind.TORCH: "converters.torch.files",
}
"""The modules whose ``files_of`` says it."""


def _load(path: Path, opening: Opening) -> Graph:
    from webnn_graph.formats import load

    return load(path, dims=opening.dims)


def _convert_onnx(path: Path, opening: Opening) -> Graph:
    from converters.onnx import convert

    said = {name: getattr(opening, name) for name in TAKEN[ModelKind.ONNX]}
    return convert(path, budget=opening.budget, **said)


def _convert_torch(path: Path, opening: Opening) -> Graph:
    return torch_model(path, opening).convert()


def source_of(path: Path, opening: Opening, graph: Graph) -> Any:
    """The `converters.source.Source` of the model that a graph was converted from.

    Args:
        path: An ONNX or PyTorch model.
        opening: What was said of it.
        graph: The graph; a PyTorch model is taken for inputs of its names and shapes if nobody gives others.

    Raises:
        ConversionError: It is a graph itself, takes no such options, or cannot be captured.
    """
    kind = kind_of(path)
    if kind is ModelKind.GRAPH:
        raise ConversionError(f"{path} is {kind.value}, not the model that it was converted from", "'webnn diff' compares graphs")
    opening.check(path, kind)
    if kind is ModelKind.TORCH:
        return torch_model(path, opening, graph).source()
    from converters.onnx.source import OnnxSource

    return OnnxSource(path, bind=opening.bind, inputs=opening.inputs, outputs=opening.outputs)


def converted_like(path: Path, opening: Opening, graph: Graph) -> Graph:
    """The graph that a source model is converted to, in the sizes that a graph of it has.

    Raises:
        WebNNError: It cannot be converted without what the graph does not say.
    """
    if kind_of(path) is ModelKind.TORCH:
        return torch_model(path, opening, graph).convert()
    names = interface_names(source_of(path, opening, graph))[0]
    shapes = {names[operand.name]: operand.shape for operand in graph.inputs if operand.name in names}
    return _convert_onnx(path, replace(opening, shapes=shapes))


def torch_model(path: Path, opening: Opening, graph: Graph | None = None) -> Any:
    """The `converters.torch.model.TorchModel` of a path; where inputs are not said, for those of a graph of it.

    Raises:
        RuntimeUnavailable: PyTorch is not installed.
        ConversionError: An input is not like ``x:float32[1,3,224,224]``.
    """
    from converters.torch.inputs import InputSpec
    from converters.torch.model import TorchModel
    from webnn_graph.budget import Budget

    loading = {name: getattr(opening, name) for name in LOADING}
    specifications = [_specification(InputSpec.parse, text) for text in opening.inputs]
    like = [InputSpec.of(operand) for operand in graph.inputs] if graph else []
    return TorchModel(path, inputs=specifications, dims=opening.dims, like=like, budget=Budget(opening.budget), **loading)


def _specification(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise ConversionError(f"--input {text!r} is not like 'x:float32[1,3,224,224]'") from None


_OPENED: Mapping[ModelKind, Callable[[Path, Opening], Graph]] = {
    ModelKind.GRAPH: _load,
    ModelKind.ONNX: _convert_onnx,
    ModelKind.TORCH: _convert_torch,
}

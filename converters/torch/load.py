"""Loading of models from files of every kind, without running code that a file brings unless it is trusted."""

from __future__ import annotations

import importlib
import inspect
import io
import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch.export import ExportedProgram

from converters.plugins import load_plugins
from converters.problems import listed
from converters.torch.archive import kind_of, load_plain
from converters.torch.pretrained import Loaded
from converters.torch.reading.program import load_program
from converters.torch.reading.script import checked_script
from webnn_graph.budget import Budget
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, FormatError, reason
from webnn_graph.file_kinds import FileKind
from webnn_graph.names import nearest
from webnn_graph.own import standing_back

NESTED = ("state_dict", "model_state_dict", "model", "module", "net", "params")
"""Keys under which training scripts keep the state dict of a checkpoint."""


Factory: TypeAlias = str | Callable[..., Any]


def load(
    path: Path,
    *,
    factory: Factory = "",
    factory_args: str = "",
    task: str = "",
    submodule: str = "",
    trust_pickle: bool = False,
    trust_script: bool = False,
    budget: Budget | None = None,
) -> Loaded:
    """The model in a file or folder; modules in evaluation mode.

    Args:
        path: An exported program, a TorchScript archive, a state dict (by torch.save or as safetensors), a pickled module,
            or the folder of a Hugging Face model.
        factory: For a state dict, what makes the module it belongs to: ``package.module:callable``, or a callable.
        factory_args: The callable's arguments as JSON: an object for keywords, a list for positions.
        task: For a folder, which head the model gets; by default it is of the class that its config.json names.
        submodule: Dotted name of the part to take of a module; all of it by default.
        trust_pickle: Whether the file may run code while it is loaded.
        trust_script: Whether the code in a TorchScript archive may be anything; it runs when the archive is loaded.
        budget: What loading may decompress and make.

    Raises:
        FormatError: It is damaged or no PyTorch model.
        ConversionError: It needs an option that is missing, would run code, or does not fit the factory's module.
    """
    budget = budget or Budget()
    load_plugins("torch")
    kind = kind_of(path)
    if factory and kind in (FileKind.PROGRAM, FileKind.SCRIPT, FileKind.FOLDER):
        raise ConversionError(f"{path} is {kind.title}, which brings its own module", "--model is for state dicts")
    model: torch.nn.Module | ExportedProgram
    match kind:
        case FileKind.PROGRAM:
            model = _load_program(path, trust_pickle, budget)
        case FileKind.SCRIPT:
            model = load_script(checked_script(path, budget, trusted=trust_script), str(path))
        case FileKind.FOLDER:
            from converters.torch.huggingface import load_folder

            loaded = load_folder(path, task)
            assert isinstance(loaded.module, torch.nn.Module)
            return replace(loaded, module=part(str(path), loaded.module, submodule))
        case FileKind.SAFETENSORS:
            model = _with_state(path, _load_safetensors(path), factory, factory_args)
        case FileKind.PICKLE:
            content = _load_pickle(path, trust_pickle)
            is_module = isinstance(content, torch.nn.Module)
            model = content.eval() if is_module else _with_state(path, content, factory, factory_args)
    if isinstance(model, ExportedProgram):
        if submodule:
            raise ConversionError(f"{path} is an exported program, which has no modules any more", "export the submodule")
        return Loaded(model)
    return Loaded(part(str(path), model, submodule))


def part(path: str, model: torch.nn.Module, name: str) -> torch.nn.Module:
    """The submodule of this dotted name; the model itself when the name is empty.

    Raises:
        ConversionError: There is none.
    """
    if not name:
        return model
    modules = dict(model.named_modules())
    if name not in modules:
        names = [known for known in modules if known]
        raise ConversionError(
            f"{path} has no submodule {name!r}", nearest(name, names) or f"it has {listed(names, 8)}", code=Code.UNKNOWN_TENSOR
        )
    return modules[name]


def _load_program(path: Path, trust_pickle: bool, budget: Budget) -> ExportedProgram:
    if not trust_pickle:
        return load_program(path, budget)
    try:
        with path.open("rb") as file:
            return torch.export.load(file)
    except Exception as error:  # PyTorch has no common exception for it
        raise FormatError(f"{path} cannot be loaded by PyTorch {torch.__version__}: {reason(error)}") from None


def load_script(archive: bytes, name: str) -> torch.jit.ScriptModule:
    """The module in a TorchScript archive, whose code was checked; ``name`` is what errors call it.

    Raises:
        FormatError: It is damaged.
    """
    try:
        return torch.jit.load(io.BytesIO(archive), map_location="cpu").eval()
    except Exception as error:  # PyTorch has no common exception for it
        raise FormatError(f"{name} cannot be loaded as TorchScript: {reason(error)}") from None


def _load_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(f"{path} is a damaged safetensors file: {reason(error)}") from None


def _load_pickle(path: Path, trust_pickle: bool) -> Any:
    if not trust_pickle:
        return load_plain(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:
        raise FormatError(f"{path} cannot be unpickled: {reason(error)}") from None


# ------------------------------------------------------------------------------------------------------------------ state dicts
def _with_state(path: Path, content: Any, factory: Factory, factory_args: str) -> torch.nn.Module:
    """The factory's module with the parameters of the state dict."""
    state = state_dict_in(content)
    if state is None:
        raise FormatError(f"{path} holds a {type(content).__name__}, neither a module nor a state dict")
    if not factory:
        raise ConversionError(
            f"{path} is a state dict of {len(state)} tensors; the module it belongs to is not in the file",
            "name a callable that returns the module: --model package.module:factory",
            code=Code.MISSING_MODULE,
        )
    module = make_module(factory, factory_args)
    _check_state(path, module, state, factory)
    return module.eval()


def load_state(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a state dict's file by name, of which no code runs; none when it holds anything else."""
    try:
        content = _load_safetensors(path) if kind_of(path) is FileKind.SAFETENSORS else load_plain(path)
    except ConversionError:
        return {}
    return state_dict_in(content) or {}


def state_dict_in(content: Any) -> dict[str, torch.Tensor] | None:
    """The tensors by name in what a file held, also inside a checkpoint; None when there are none."""
    if not isinstance(content, Mapping):
        return None
    for key in NESTED:
        if isinstance(content.get(key), Mapping):
            return state_dict_in(content[key])
    tensors = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    return tensors if tensors and len(tensors) == len(content) else None


def _check_state(path: Path, module: torch.nn.Module, state: dict[str, torch.Tensor], factory: Factory) -> None:
    """Loads the state, strictly: tied parameters count as one."""
    own = module.state_dict(keep_vars=True)
    given = {own[name].data_ptr() for name in state if name in own}
    missing = [name for name, tensor in own.items() if name not in state and not (tensor.numel() and tensor.data_ptr() in given)]
    unexpected = [name for name in state if name not in own]
    other = [f"{n} is {list(t.shape)}, not {list(own[n].shape)}" for n, t in state.items() if n in own and t.shape != own[n].shape]
    problems = [
        f"{what}: {listed(names)}" for what, names in (("missing", missing), ("unexpected", unexpected), ("shapes", other)) if names
    ]
    if problems:
        raise ConversionError(
            f"the state dict in {path} does not fit the module of {factory}\n  " + "\n  ".join(problems),
            "check --model and --model-args; a prefix or a missing head are common reasons",
            code=Code.MISSING_WEIGHTS,
        )
    module.load_state_dict(state, strict=False)


def make_module(factory: Factory, factory_args: str = "") -> torch.nn.Module:
    """What a callable, or ``package.module:callable``, returns; the user's own modules count first, as for python -m.

    Raises:
        ConversionError: It does not exist, fails, or returns no module.
    """
    args, kwargs = _arguments(factory_args)
    with standing_back(Path.cwd()) if isinstance(factory, str) else nullcontext():
        function = _resolved(factory) if isinstance(factory, str) else factory
        module = _called(function, args, kwargs, str(factory))
    if not isinstance(module, torch.nn.Module):
        raise ConversionError(f"{factory} returns a {type(module).__name__}, not a torch.nn.Module")
    return module


def _called(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], factory: str) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception as error:
        signature = f"{factory}{inspect.signature(function)}" if callable(function) else factory
        raise ConversionError(
            f"{signature} failed: {type(error).__name__}: {error}", "give its arguments: --model-args '{\"depth\": 18}'"
        ) from error


def _resolved(factory: str) -> Callable[..., Any]:
    """The callable of ``package.module:callable``."""
    name, colon, attribute = factory.partition(":")
    if not colon or not name or not attribute:
        raise ConversionError(f"{factory!r} is not package.module:callable", "--model torchvision.models:resnet18 is one")
    try:
        found: Any = importlib.import_module(name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ConversionError(f"there is no {factory}: {error}", "check --model") from None
    return found


def _arguments(text: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        value = json.loads(text) if text else {}
    except ValueError as error:
        raise ConversionError(f"the module's arguments are not JSON: {error}", "check --model-args") from None
    if isinstance(value, dict):
        return [], value
    return (value, {}) if isinstance(value, list) else ([value], {})

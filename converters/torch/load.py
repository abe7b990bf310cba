"""Loading of models from files of every kind, without running code that a file brings unless it is trusted."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.plugins import load_plugins
from converters.problems import in_words, listed
from converters.torch.archive import kind_of, load_plain, shards_of
from converters.torch.factory import Factory, importable, make_module, unwrapped
from converters.torch.packed import is_packed_state, packed
from converters.torch.pretrained import Loaded
from converters.torch.reading.program import load_program
from converters.torch.reading.script import checked_script
from converters.torch.state import give_state, state_dict_in, state_dicts
from webnn_graph.budget import Budget
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, FormatError, reason
from webnn_graph.file_kinds import FileKind
from webnn_graph.hints import option
from webnn_graph.names import nearest


def load(
    path: Path,
    *,
    factory: Factory = "",
    factory_args: str = "",
    task: str = "",
    submodule: str = "",
    state_dict: str = "",
    trust_pickle: bool = False,
    trust_script: bool = False,
    budget: Budget | None = None,
) -> Loaded:
    """The model in a file or folder; modules in evaluation mode.

    Args:
        path: An exported program, a TorchScript archive, a state dict (by torch.save or as safetensors), a pickled module,
            or the folder of a Hugging Face model.
        factory: For a state dict, what makes the module it belongs to, see `converters.torch.factory.make_module`; for a pickled
            module, what stands beside its class.
        factory_args: The callable's arguments as JSON: an object for keywords, a list for positions.
        task: For a folder, which head the model gets; by default it is of the class that its config.json names.
        submodule: Dotted name of the part to take of a module; all of it by default.
        state_dict: Of a checkpoint that holds several, the keys that lead to the one to take, joined by dots.
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
    match kind:
        case FileKind.PROGRAM:
            loaded = Loaded(_load_program(path, trust_pickle, budget))
        case FileKind.SCRIPT:
            loaded = Loaded(load_script(checked_script(path, budget, trusted=trust_script), str(path)))
        case FileKind.FOLDER:
            from converters.torch.huggingface import load_folder

            loaded = load_folder(path, task)
        case FileKind.SAFETENSORS:
            loaded = _with_state(path, _load_safetensors(path), factory, factory_args, state_dict)
        case FileKind.SHARDS:
            weights = {name: tensor for shard in shards_of(path) for name, tensor in _load_safetensors(shard).items()}
            loaded = _with_state(path, weights, factory, factory_args, state_dict)
        case FileKind.PICKLE:
            loaded = _of_pickle(path, _load_pickle(path, trust_pickle, factory), factory, factory_args, state_dict)
    if not isinstance(loaded.module, ExportedProgram):
        return replace(loaded, module=part(str(path), loaded.module, submodule))
    if submodule:
        raise ConversionError(f"{path} is an exported program, which has no modules any more", "export the submodule")
    return loaded


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


def _load_pickle(path: Path, trust_pickle: bool, factory: Factory) -> Any:
    if not trust_pickle:
        return load_plain(path)
    with importable(factory):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what PyTorch is going to change is nothing that a file's owner can
                return torch.load(path, map_location="cpu", weights_only=False)
        except Exception as error:  # what a pickle does is anything
            raise FormatError(f"{path} cannot be unpickled: {reason(error)}", _how_to_find(error)) from None


def _how_to_find(error: Exception) -> str:
    """What to do when a pickle names a class that is not there."""
    lost = re.search(r"attribute '(\w+)' on <module '__main__'", str(error))
    if lost:
        return f"{lost[1]} was defined in the script that saved it; say where: --model script.py:{lost[1]}"
    return "run the command in the folder that the module is imported from" if isinstance(error, ImportError) else ""


# ------------------------------------------------------------------------------------------------------------------ state dicts
def _of_pickle(path: Path, content: Any, factory: Factory, factory_args: str, state_dict: str) -> Loaded:
    """The module that was pickled, also in a checkpoint; or the factory's with the weights of a state dict."""
    content = unwrapped(content)
    modules = {"": content} if isinstance(content, torch.nn.Module) else _modules_in(content)
    if not modules:
        return _with_state(path, content, factory, factory_args, state_dict)
    if state_dict in modules:
        place = state_dict
    elif len(modules) == 1 and not state_dict:
        (place,) = modules
    else:
        names = list(modules)
        raise ConversionError(
            f"{path} holds {'no module ' + repr(state_dict) if state_dict else 'several modules'}: {listed(names, 8)}",
            f"say which: {option('state-dict', names[0])}",
            code=Code.UNKNOWN_TENSOR,
        )
    return Loaded(modules[place].eval(), str(path), [f"the module is that under {place!r} in the checkpoint"] if place else [])


def _modules_in(content: Any) -> dict[str, torch.nn.Module]:
    """The modules that a checkpoint of a trusted file holds, by key."""
    items = content.items() if isinstance(content, Mapping) else ()
    return {key: unwrapped(value) for key, value in items if isinstance(key, str) and isinstance(value, torch.nn.Module)}


def _with_state(path: Path, content: Any, factory: Factory, factory_args: str, state_dict: str) -> Loaded:
    """The factory's module with the parameters of the state dict."""
    found = state_dicts(content)
    if is_packed_state(content):
        raise packed(str(path))
    if not found:
        raise FormatError(f"{path} holds {in_words(content)}, neither a module nor a state dict")
    if not factory:
        raise ConversionError(
            f"{path} is a state dict of {len(next(iter(found.values())))} tensors; the module it belongs to is not in the file",
            "name a callable that returns the module: --model package.module:factory",
            code=Code.MISSING_MODULE,
        )
    module = make_module(factory, factory_args)
    notes = give_state(module, found, path, str(factory), state_dict)
    return Loaded(module.eval(), str(path), notes)


def load_state(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a state dict's file by name, of which no code runs; none when it holds anything else."""
    try:
        content = _load_safetensors(path) if kind_of(path) is FileKind.SAFETENSORS else load_plain(path)
    except ConversionError:
        return {}
    return state_dict_in(content) or {}

"""From what a Python program has of PyTorch to a WebNN graph."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.random_numbers import Random, check, finished
from converters.torch.archive import kind_of
from converters.torch.capture import captured
from converters.torch.configured import configured_inputs, is_configured
from converters.torch.conversion import Conversion
from converters.torch.dimensions import dimensions, resized
from converters.torch.given import fitted, inputs_of, model_of, name_of
from converters.torch.load import load, part
from converters.torch.model import TorchModel
from converters.torch.noise import with_noise
from converters.torch.tensors import to_array
from webnn_graph.budget import Budget
from webnn_graph.errors import ConversionError, FormatError
from webnn_graph.file_kinds import FileKind
from webnn_graph.graph import Graph
from webnn_graph.progress import Watcher


def convert(
    model: str | os.PathLike[str] | torch.nn.Module | ExportedProgram,
    args: Sequence[Any] | Mapping[str, Any] | torch.Tensor | np.ndarray[Any, Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    dims: Mapping[str, int] | None = None,
    submodule: str = "",
    factory: str = "",
    factory_args: str = "",
    state_dict: str = "",
    task: str = "",
    trust_pickle: bool = False,
    trust_script: bool = False,
    random: Random = None,
    budget: float = 1.0,
    progress: Watcher | None = None,
) -> Graph:
    """Converts a module, a program that ``torch.export`` made, or the model in a file or folder.

    Args:
        model: The module, in evaluation mode, which is not changed and never put into that mode here; a program; a script module; or
            the path of what `converters.torch.load.load` takes. Of a compiled or ``DataParallel`` module, it is the module inside.
        args: Example inputs: several by position, one alone, or a mapping of them by keyword. Tensors or arrays, whose shapes and
            types become the graph's; their values do not matter. A program with static shapes needs none, nor does a module that
            brings its own.
        kwargs: Example inputs by keyword.
        name: The graph's name; by default the module's class, or the file's stem.
        dims: Sizes of a program's dynamic dimensions, or of what a model of transformers takes, when there are no inputs to take
            them from: `converters.torch.configured.configured_inputs`.
        submodule: Dotted name of the part of a module to convert; all of it by default.
        factory: For the file of a state dict, what makes the module that it belongs to: ``package.module:callable`` or
            ``file.py:callable``.
        factory_args: The callable's arguments as JSON.
        state_dict: Of a checkpoint that holds several state dicts, the key of the one to take.
        task: For a folder, which head the model gets.
        trust_pickle: Whether the file may run code while it is loaded.
        trust_script: Whether the code in a TorchScript archive may be anything.
        random: What becomes of random numbers: ``inputs`` of the graph, or constants, of a seed. By default they are refused.
        budget: How many times the normal work and memory the conversion may take.
        progress: Is called with a `webnn_graph.progress.Progress` as nodes are converted and passes run; what it raises ends the
            conversion.

    Returns:
        A graph whose inputs are called like the parameters of ``forward``. Its outputs are called ``output``, ``output_0``
        ..., or like the keys of the dictionary that the module returns. A buffer that the module changes becomes an input of
        its name and an output with ``_out`` appended. Booleans are uint8. Labels are module paths.

    Raises:
        BudgetExceeded: The conversion would take more than its budget.
        ConversionError: What is given is no model, or inputs do not fit it; torch.export cannot capture the module; or operators have
            no equivalent, then the message lists all.
        FormatError: A file is missing, damaged or no PyTorch model.
    """
    args, kwargs = inputs_of(args, kwargs)
    spent = Budget(budget)
    if isinstance(model, str | os.PathLike):
        loading = {"factory": factory, "factory_args": factory_args, "task": task, "trust_pickle": trust_pickle}
        common: dict[str, Any] = {"state_dict": state_dict, "submodule": submodule, "trust_script": trust_script, "budget": spent}
        return _of_file(_found(Path(model)), args, kwargs, name, dims or {}, random, progress, **loading, **common)
    model = model_of(model)
    notes: Sequence[str] = ()
    if isinstance(model, torch.nn.Module):
        model = part("the module", model, submodule)
    if isinstance(model, ExportedProgram) and dimensions(model) and not args and not kwargs:
        args, kwargs, notes = resized(model, dims or {}, {})
    elif not args and not kwargs and is_configured(model):
        kwargs, notes = configured_inputs(model, dims or {}, {})
    elif dims:
        raise ConversionError("dims are the sizes of a program's dynamic dimensions; here the example inputs say them", "leave dims out")
    program = _with_noise(captured(model, *fitted(model, args, kwargs)), random)
    return finished(Conversion(program, name or name_of(model), spent, notes, progress).graph(), random)


def _with_noise(program: ExportedProgram, random: Random) -> ExportedProgram:
    return program if check(random) is None else with_noise(program)


def _found(path: Path) -> Path:
    if path.exists():
        return path
    raise FormatError(
        f"there is no file or folder {str(path)!r}",
        "a model of the Hugging Face hub is downloaded first, with huggingface_hub.snapshot_download; convert takes its folder"
        if len(path.parts) <= 2 and not path.suffix
        else f"the current folder is {Path.cwd()}",
    )


def _of_file(
    path: Path,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    name: str,
    dims: Mapping[str, int],
    random: Random,
    progress: Watcher | None,
    **loading: Any,
) -> Graph:
    """The graph of the model in a file: for its own inputs, or for these."""
    if not args and not kwargs:
        return TorchModel(path, name=name, dims=dims, random=random, progress=progress, **loading).convert()
    if dims:
        raise ConversionError("dims are for a model without example inputs; here these say the sizes", "leave dims out")
    if kind_of(path) is FileKind.SCRIPT:
        return TorchModel(path, name=name, values=_arrays(args, kwargs), random=random, progress=progress, **loading).convert()
    loaded = load(path, **loading)
    module = loaded.module
    program = captured(module, *fitted(module, args, kwargs))
    loaded.check(program)
    graph = Conversion(_with_noise(program, random), name or path.stem, loading["budget"], loaded.notes, progress).graph()
    return finished(graph, random)


def _arrays(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of an archive by keyword, those by position under numbers."""
    given = {**{str(i): value for i, value in enumerate(args)}, **kwargs}
    if not all(isinstance(leaf, torch.Tensor) for leaf in pytree.tree_leaves(list(given.values()))):
        raise ConversionError("the inputs of a TorchScript archive are tensors")
    return {name: to_array(tensor) for name, tensor in given.items()}

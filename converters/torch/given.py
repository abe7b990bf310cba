"""What a Python program gives `convert`: models and example inputs as people have them, made what PyTorch's exporter takes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.problems import in_words, listed
from converters.torch.factory import unwrapped
from converters.torch.inputs import bind_program, brought_along, parameters_of
from converters.torch.state import state_dict_in
from webnn_graph.errors import ConversionError, reason
from webnn_graph.names import nearest

TAKES = "convert takes a torch.nn.Module with example inputs, an exported program, or the path of a file or of a Hugging Face folder"


def model_of(given: Any) -> torch.nn.Module | ExportedProgram:
    """The module or the program; of a module that `torch.compile` or ``DataParallel`` wraps, the module itself.

    Raises:
        ConversionError: It is something else.
    """
    given = unwrapped(given)
    if not isinstance(given, torch.nn.Module | ExportedProgram):
        raise ConversionError(*_refusal(given))
    tensors = given.state_dict if isinstance(given, ExportedProgram) else given.state_dict(keep_vars=True)
    empty = [name for name, value in tensors.items() if isinstance(value, torch.Tensor) and value.is_meta]
    if empty:
        raise ConversionError(f"the weights have no values, they are on the device meta: {listed(empty, 3)}", "load them first")
    return given


def _refusal(given: Any) -> tuple[str, str]:
    """What is wrong with what is no model, and what to do."""
    if isinstance(given, type) and issubclass(given, torch.nn.Module):
        return f"{given.__name__} is a class, not a module", f"make an object of it: convert({given.__name__}(...).eval(), ...)"
    state = state_dict_in(given)
    if state is not None:
        return (
            f"this is a state dict of {len(state)} tensors; the module it belongs to is not in it",
            "make the module, give it the state with module.load_state_dict(state), and convert the module",
        )
    what = f"what is given is {in_words(given)}, not a PyTorch model"
    if type(given).__module__.partition(".")[0] in ("onnx", "onnxscript") or type(given).__name__ == "ONNXProgram":
        return what, "onnx2webnn converts ONNX models"
    for name in ("model", "module"):
        if isinstance(getattr(given, name, None), torch.nn.Module):
            return what, f"it has a module, which can be converted: its attribute {name}"
    if callable(given):
        return what, "a function is converted as the forward of a torch.nn.Module"
    return what, TAKES


def name_of(model: torch.nn.Module | ExportedProgram) -> str:
    """What the graph is called when nobody says: as the module's class."""
    if isinstance(model, ExportedProgram):
        return "model"
    return str(getattr(model, "original_name", "")) or type(model).__name__


def inputs_of(args: Any, kwargs: Mapping[str, Any] | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Example inputs by position and by keyword.

    Args:
        args: A sequence of them, the only one, or a mapping of them by keyword.
        kwargs: Others by keyword.

    Raises:
        ConversionError: An array is of a type that PyTorch lacks.
    """
    named = dict(kwargs or {})
    if args is None:
        args = ()
    if isinstance(args, Mapping):
        args, named = (), {**args, **named}
    elif not isinstance(args, list | tuple) or hasattr(args, "_fields"):
        args = (args,)
    return tuple(pytree.tree_map(_tensor, tuple(args))), {name: pytree.tree_map(_tensor, value) for name, value in named.items()}


def _tensor(leaf: Any) -> Any:
    if isinstance(leaf, np.generic):
        return leaf.item()
    if not isinstance(leaf, np.ndarray):
        return leaf
    try:
        return torch.from_numpy(leaf.copy())
    except TypeError as error:
        raise ConversionError(f"an example input is an array of {leaf.dtype}: {reason(error)}") from None


def fitted(
    model: torch.nn.Module | ExportedProgram, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs on the module's device; those that the module brings where none are given.

    Raises:
        ConversionError: They are not the arguments of ``forward``.
    """
    if isinstance(model, ExportedProgram):
        return bind_program(model, kwargs) if kwargs and not args and not _are_keywords(model, kwargs) else (tuple(args), dict(kwargs))
    parameters = parameters_of(model)
    needs_some = any(p.default is p.empty for p in (parameters or {}).values())
    if not args and not kwargs and needs_some:
        args, kwargs = brought_along(model)
    _check_arguments(model, parameters, args, kwargs)
    devices = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
    device = devices.pop() if len(devices) == 1 else torch.device("cpu")
    placed: tuple[tuple[Any, ...], dict[str, Any]] = pytree.tree_map_only(
        torch.Tensor, lambda tensor: _on(tensor, device), (tuple(args), dict(kwargs))
    )
    return placed


def _are_keywords(program: ExportedProgram, kwargs: Mapping[str, Any]) -> bool:
    """Whether the program was exported with these keywords, and not with the same inputs by position."""
    spec = program.call_spec.in_spec
    if spec is None:
        return True
    _, keywords = pytree.tree_unflatten([None] * spec.num_leaves, spec)
    return keywords.keys() == kwargs.keys()


def _check_arguments(
    model: torch.nn.Module, parameters: Mapping[str, inspect.Parameter] | None, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """Raises `ConversionError` when Python could not call ``forward`` with them."""
    if parameters is None:
        return
    forward = inspect.signature(model.forward)
    try:
        forward.bind(*args, **kwargs)
    except TypeError as error:
        wrong = next((name for name in kwargs if name not in parameters), "")
        there = f"its parameters are {listed(list(parameters), 8) or 'none'}"
        hint = " ".join(filter(None, [nearest(wrong, parameters) if wrong else "", there]))
        raise ConversionError(f"the example inputs are not the arguments of {name_of(model)}.forward: {error}", hint) from None


def _on(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on a device; of one that has no values only type and shape count."""
    return torch.zeros(tensor.shape, dtype=tensor.dtype, device=device) if tensor.is_meta else tensor.to(device)

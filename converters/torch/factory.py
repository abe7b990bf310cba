"""What makes a module: ``--model package.module:callable`` or ``--model file.py:Net``, a function, a class, or the module itself."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import torch

from converters.problems import listed
from webnn_graph.errors import ConversionError, reason
from webnn_graph.names import nearest
from webnn_graph.own import standing_back

Factory: TypeAlias = str | Callable[..., Any]
WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}
"""Modules that run another one, by the name of PyTorch's class, and the attribute that holds it."""


def unwrapped(given: Any) -> Any:
    """Of a module that ``torch.compile`` or ``DataParallel`` wraps, the module itself; anything else as it is."""
    while type(given).__name__ in WRAPPERS and type(given).__module__.startswith("torch."):
        given = getattr(given, WRAPPERS[type(given).__name__])
    return given


def make_module(factory: Factory, factory_args: str = "") -> torch.nn.Module:
    """The module that a callable, or ``package.module:callable``, returns; what is a module already is taken as it is.

    The user's own modules count first, as for python -m.

    Raises:
        ConversionError: It does not exist, fails, or returns no module.
    """
    args, kwargs = _arguments(factory_args)
    with importable() if isinstance(factory, str) else nullcontext():
        found = _resolved(factory) if isinstance(factory, str) else factory
        if isinstance(found, torch.nn.Module):
            if args or kwargs:
                raise ConversionError(f"{factory} is a {type(found).__name__} already, which takes no arguments", "leave out --model-args")
            module = found
        else:
            module = _called(found, args, kwargs, str(factory))
    module = unwrapped(module)
    if not isinstance(module, torch.nn.Module):
        raise ConversionError(f"{factory} returns a {type(module).__name__}, not a torch.nn.Module")
    return module


@contextmanager
def importable(factory: Factory = "") -> Iterator[None]:
    """Inside, what stands in the current folder can be imported.

    Args:
        factory: The classes beside this one are those that a script defined which ran as ``__main__``.
    """
    with standing_back(Path.cwd()):
        found = _resolved(factory) if isinstance(factory, str) and factory else factory
        beside = vars(sys.modules[found.__module__]) if hasattr(found, "__module__") and found.__module__ in sys.modules else {}
        main = vars(sys.modules["__main__"])
        lent = {name: value for name, value in beside.items() if name not in main}
        main.update(lent)
        try:
            yield
        finally:
            for name in lent:
                main.pop(name, None)


def _called(function: Any, args: list[Any], kwargs: dict[str, Any], factory: str) -> Any:
    if not callable(function):
        raise ConversionError(
            f"{factory} is a {type(function).__name__}, neither a module nor a callable that returns one", "check --model"
        )
    try:
        return function(*args, **kwargs)
    except Exception as error:
        hint = "give its arguments: --model-args '{\"depth\": 18}'"
        if isinstance(function, type):
            hint += f"; or name a function without arguments that returns {function.__name__}(...)"
        raise ConversionError(f"{factory}{_signature(function)} failed: {type(error).__name__}: {error}", hint) from error


def _signature(function: Callable[..., Any]) -> str:
    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return ""


def _resolved(factory: str) -> Any:
    """What ``package.module:name`` or ``file.py:name`` names."""
    place, _, attribute = factory.rpartition(":")
    if factory.endswith(".py") and Path(factory).is_file():
        place, attribute = factory, ""
    elif not place or not attribute:
        raise ConversionError(
            f"{factory!r} is not package.module:callable or file.py:callable", "--model torchvision.models:resnet18 is one"
        )
    module = _imported(place)
    found: Any = module
    for part in attribute.split(".") if attribute else ():
        if not hasattr(found, part):
            raise ConversionError(f"there is no {factory}: {place} has no attribute {part!r}", _there(module, place, attribute))
        found = getattr(found, part)
    if found is module:
        raise ConversionError(f"{factory} does not say what makes the module", _there(module, place, ""))
    return found


def _there(module: ModuleType, place: str, wanted: str) -> str:
    """What a Python module has that could be meant."""
    classes = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, torch.nn.Module) and value.__module__ == module.__name__
    ]
    near = nearest(wanted, [name for name in vars(module) if not name.startswith("_")]) if wanted else ""
    return near or (f"it has {listed(classes, 8)}: --model {place}:{classes[0]}" if classes else "check --model")


def _imported(place: str) -> ModuleType:
    try:
        return _of_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except Exception as error:  # what a user's file does is anything
        what = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {reason(error)}"
        raise ConversionError(f"there is no {place}: {what}", "check --model") from error


def _of_file(path: Path) -> ModuleType:
    """The Python module of a file, which finds what stands beside it."""
    if not path.is_file():
        raise ImportError(f"no such file in {Path.cwd()}")
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_given"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    with standing_back(path.resolve().parent):
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return module


def _arguments(text: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        value = json.loads(text) if text else {}
    except ValueError as error:
        raise ConversionError(f"the module's arguments are not JSON: {error}", "check --model-args") from None
    if isinstance(value, dict):
        return [], value
    return (value, {}) if isinstance(value, list) else ([value], {})

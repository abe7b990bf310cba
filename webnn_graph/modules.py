"""Packages and their modules: tables that are filled by importing, and what is imported when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, TypeVar, cast

Signature = TypeVar("Signature", bound=Callable[..., Any])


def modules_of(package: str) -> list[ModuleType]:
    """Imports every module of a package, of packages inside it, too, and gives them in the order of their names.

    A file that is put into the folder is in the table; there is no list of them that could forget one.
    """
    folders = import_module(package).__path__
    names = sorted(found.name for found in walk_packages(folders, f"{package}.") if not found.ispkg)
    return [import_module(name) for name in names]


def on_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's ``__getattr__``, by which importing the package costs nothing.

    Args:
        package: Its ``__name__``.
        homes: The modules in it, by the public names that they have.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return find


def done_by(module: str, name: str) -> Callable[[Signature], Signature]:
    """A method whose work a function does that knows the method's class; what is decorated is its signature, for readers.

    Args:
        module: Where the function is, which is imported at the first call.
        name: What the function is called. It gets the object and the method's arguments.
    """

    def decorated(signature: Signature) -> Signature:
        @wraps(signature)
        def called(*args: Any, **options: Any) -> Any:
            return getattr(import_module(module), name)(*args, **options)

        return cast("Signature", called)

    return decorated

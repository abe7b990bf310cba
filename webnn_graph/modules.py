"""Packages whose modules are tables: what declares, converts or tests itself by being imported."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType


def modules_of(package: str) -> list[ModuleType]:
    """Imports every module of a package, of packages inside it, too, and gives them in the order of their names.

    A file that is put into the folder is in the table; there is no list of them that could forget one.
    """
    folders = import_module(package).__path__
    names = sorted(found.name for found in walk_packages(folders, f"{package}.") if not found.ispkg)
    return [import_module(name) for name in names]

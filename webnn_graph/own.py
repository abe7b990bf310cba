"""Which modules are this project's own, whatever else is called like them.

The commands are made of four top-level names beside this package: ``cli``, ``converters``, ``models`` and ``templates``. People have
such files, too, and Python takes what it finds first: with ``PYTHONPATH=.`` or ``python -m``, that is theirs. So programs begin in this
package, which is of the project's own name, and put a finder in front of all others that looks for the four names where this package
is: in a wheel, an editable installation and a checkout alike. The other way round, while a user's module is imported for
``--model``, the finder stands back, and those of our modules that have the name of one of the user's are put aside. What is no
Python is found by its place, not by a name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

HOME = Path(__file__).resolve().parents[1]
"""The folder that this package is in."""
TEMPLATES = HOME / "templates"
"""The files that JavaScript is made of."""
NAMES = ("cli", "converters", "models", "templates")
"""The project's other top-level names."""


class OwnFinder:
    """Finds the project's modules beside this package."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        return PathFinder.find_spec(name, [str(HOME)]) if path is None and name in NAMES else None


def come_first() -> None:
    """From now on, the project's names are its own modules in this process."""
    if OwnFinder not in sys.meta_path:
        sys.meta_path.insert(0, OwnFinder)


@contextmanager
def standing_back(folder: Path) -> Iterator[None]:
    """Inside, imports find what a user has, in ``folder`` first; afterwards, the project's modules are its own again."""
    place = sys.meta_path.index(OwnFinder) if OwnFinder in sys.meta_path else None
    if place is not None:
        del sys.meta_path[place]
    sys.path.insert(0, str(folder))
    taken = {name for name in NAMES if _is_users(name)}
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in taken}
    for name in ours:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in taken and _is_own(name)]:
            del sys.modules[name]
        sys.modules.update(ours)  # the user's other modules stay: they may be asked for again
        sys.path.remove(str(folder))
        if place is not None:
            sys.meta_path.insert(place, OwnFinder)


def _is_users(name: str) -> bool:
    """Whether something of this name that is not the project's stands first on the path."""
    found = PathFinder.find_spec(name)
    own = PathFinder.find_spec(name, [str(HOME)])
    return found is not None and (own is None or _places(found) != _places(own))


def _is_own(module: str) -> bool:
    """Whether the project has a module of this dotted name."""
    path = HOME.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def _places(spec: ModuleSpec) -> set[Path]:
    return {Path(place).resolve() for place in (spec.origin, *(spec.submodule_search_locations or ())) if place}


def call(function: str, *arguments: Any) -> Any:
    """Calls a function of the project in a process that others have started, whatever is on its path.

    Args:
        function: ``module:function``.
        arguments: Its arguments.
    """
    come_first()
    module, _, name = function.partition(":")
    if not _is_own(module):
        raise ImportError(f"{module} is not a module of this project")
    return getattr(import_module(module), name)(*arguments)

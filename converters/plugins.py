"""Handlers of other packages: for operators of private domains and of custom libraries, found by entry points.

A package names a module in its ``pyproject.toml``; importing the module registers handlers, as the project's own files do:

    [project.entry-points."webnn_convert.onnx_handlers"]
    acme = "acme_webnn.handlers"

They are loaded when a conversion begins. A package adds operators; it never changes what the project's own handlers do.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points

from converters.annotations import ORIGIN
from webnn_graph.errors import ConversionError, reason

GROUPS = {"onnx": "webnn_convert.onnx_handlers", "torch": "webnn_convert.torch_handlers"}
"""The entry points of each frontend."""

_loaded: dict[EntryPoint, ConversionError | None] = {}
"""What became of each: a module registers its handlers once, and fails once."""


def load_plugins(frontend: str) -> None:
    """Registers the handlers that installed packages have for a frontend.

    Raises:
        ConversionError: Those of a package cannot be loaded, or are for operators that have a handler.
    """
    for entry in _entries(GROUPS[frontend], tuple(sys.path)):
        if entry not in _loaded:
            _loaded[entry] = _load(entry)
        if error := _loaded[entry]:
            raise error


@lru_cache(maxsize=len(GROUPS))
def _entries(group: str, path: tuple[str, ...]) -> EntryPoints:
    """What the packages on Python's path have in a group; looked for once, which takes milliseconds."""
    return entry_points(group=group)


def _load(entry: EntryPoint) -> ConversionError | None:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
    token = ORIGIN.set(package)
    try:
        entry.load()
    except Exception as error:  # it is another's code
        what = f"the handlers of the package {package} cannot be loaded ({entry.value}): {type(error).__name__}: {reason(error)}"
        return ConversionError(what, f"update or uninstall {package.split()[0]}")
    finally:
        ORIGIN.reset(token)
    return None

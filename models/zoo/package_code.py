"""Modules that a package's file defines, without the package itself and what it depends on."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


def make(file: str, name: str, attribute: str, arguments: Mapping[str, Any], imports: Mapping[str, Mapping[str, Any]]) -> Any:
    """What a callable of a Python file returns.

    Args:
        file: The file, which is run.
        name: The dotted name that it has in its package; imports relative to it start there.
        attribute: The callable in it.
        arguments: The callable's keyword arguments.
        imports: What the file's imports find in the place of modules, by dotted name: their attributes.
    """
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader, file
    module = importlib.util.module_from_spec(spec)
    with _standing_in(imports):
        spec.loader.exec_module(module)
        return getattr(module, attribute)(**arguments)


@contextmanager
def _standing_in(imports: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Modules with these attributes can be imported inside."""
    before = {name: sys.modules.get(name) for name in imports}
    for name, attributes in imports.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(attributes)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module

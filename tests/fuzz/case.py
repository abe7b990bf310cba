"""What a case is: an honest file and a few changes, all told by numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from random import Random
from types import ModuleType

MODULES = {
    "onnx": "protobuf",
    "webnn": "text",
    "json": "document",
    "safetensors": "weights",
    "pt2": "exported",
    "torchscript": "script",
}
"""The module of each format."""

CHANGES = (1, 1, 1, 1, 2, 2, 3, 4)
"""How many changes a case has; few, since most files are refused for the first one that is wrong."""


@dataclass(frozen=True)
class Base:
    """An honest file.

    Attributes:
        content: What is changed.
        name: The file's name.
        beside: Other files in its folder, by name, which stay as they are.
        options: What `feed` takes besides.
    """

    content: bytes
    name: str
    beside: Mapping[str, bytes] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A file to make: which of the bases, and the seed of each change."""

    base: int
    changes: tuple[int, ...]


def format_module(name: str) -> ModuleType:
    """The module of a format, which may import the framework it is of."""
    return import_module(f"tests.fuzz.{MODULES.get(name, name)}")


def numbered(name: str, seed: int, number: int) -> Case:
    """The case of this number: always the same."""
    random = Random(f"{name} {seed} {number}")
    return Case(random.getrandbits(32), tuple(random.getrandbits(32) for _ in range(random.choice(CHANGES))))


def made(module: ModuleType, case: Case) -> Base:
    """The case's files. A change that cannot be made to what those before it have left is left out."""
    bases = module.bases()
    base = bases[case.base % len(bases)]
    content = base.content
    for i, change in enumerate(case.changes):
        try:
            content = module.mutate(content, Random(change))
        except (AttributeError, TypeError, ValueError):
            if i == 0:
                raise
    return Base(content, base.name, base.beside, base.options)

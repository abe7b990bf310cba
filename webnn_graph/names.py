"""Names of operands: identifiers that ``.webnn`` text, JSON, safetensors and JavaScript can all carry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

IDENTIFIER = re.compile(r"(?!true|false|null)[A-Za-z_][A-Za-z0-9_]*\Z")
TASK = re.compile("[a-z0-9-]{1,100}")
"""What a graph is for, as Hugging Face calls it: ``image-classification``."""
LICENSE = re.compile("[A-Za-z0-9(][A-Za-z0-9 .+()-]{0,198}[A-Za-z0-9.+)]")
"""The name of a license, or an SPDX expression: ``Apache-2.0 OR MIT``."""


def identifier(name: str) -> str:
    """The identifier that reads most like ``name``: what cannot stand in one becomes an underscore."""
    if IDENTIFIER.match(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "unnamed"
    return plain if IDENTIFIER.match(plain) else "_" + plain


def named(name: str, known: Collection[str]) -> str:
    """The one of the ``known`` identifiers of a graph that its source calls ``name``; that itself where none is surely so."""
    if name in known or not name:
        return name
    made = identifier(name)
    return made if made in known and f"{made}_2" not in known else name


def package_name(name: str) -> str:
    """A name that npm takes for a package."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:100] or "model"


class Names:
    """Hands out unique identifiers; equal or colliding wishes get a number (``x``, ``x_2``)."""

    def __init__(self) -> None:
        self._taken: set[str] = {"__metadata__"}  # safetensors' own
        self._count: dict[str, int] = {}

    def take(self, wish: str) -> str:
        """A free identifier like ``wish``, the wish itself when it is one and free."""
        base = name = identifier(wish)
        while name in self._taken:
            self._count[base] = self._count.get(base, 1) + 1
            name = f"{base}_{self._count[base]}"
        self._taken.add(name)
        return name

    def take_interface(self, inputs: Iterable[str], outputs: Iterable[str]) -> tuple[list[str], list[str]]:
        """The identifiers of a graph's inputs and outputs, which come before those of all other operands."""
        return [self.take(name) for name in inputs], [self.take(name) for name in outputs]

    def number(self, stem: str) -> str:
        """A free identifier ``stem_0``, ``stem_1``, ..."""
        while True:
            self._count[stem] = self._count.get(stem, -1) + 1
            name = f"{stem}_{self._count[stem]}"
            if name not in self._taken:
                self._taken.add(name)
                return name


MAX_COMPARED = 200
"""Longest names that are compared: the time it takes grows with the square."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a name that does not exist: the most similar of the ``known`` ones, or nothing."""
    short = [other for other in known if len(other) <= MAX_COMPARED] if len(name) <= MAX_COMPARED else []
    close = get_close_matches(name, short, n=1)
    return f"did you mean {close[0]}?" if close else ""

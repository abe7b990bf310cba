"""The model zoo: real models, where each comes from, how it is converted and what it must reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from models.zoo.fetch import fetch
    from models.zoo.manifest import Model, select

__all__ = ["Model", "fetch", "select"]

if not TYPE_CHECKING:  # to a type checker, a name that does not exist is an error
    __getattr__ = on_first_use(__name__, {"fetch": "zoo.fetch", **dict.fromkeys(("Model", "select"), "zoo.manifest")})

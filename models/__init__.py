"""The model zoo: real models, where each comes from, how it is converted and what it must reach."""

from __future__ import annotations

from models.zoo.fetch import fetch
from models.zoo.manifest import Model, select

__all__ = ["Model", "fetch", "select"]

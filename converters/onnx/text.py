"""Strings, which WebNN lacks: they may be made and passed on as long as only outputs of strings depend on them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A tensor of strings; a graph leaves it out."""

"""A model that a frontend can convert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from converters.source import Source
from webnn_graph.graph import Graph


@dataclass(frozen=True)
class Loaded:
    """A model, ready to be converted.

    Attributes:
        convert: Makes its graph.
        source: Makes the source of right numbers for that.
        nodes: Counts its nodes.
        files: What it consists of.
    """

    convert: Callable[[], Graph]
    source: Callable[[], Source]
    nodes: Callable[[], int]
    files: tuple[Path, ...] = ()

    @property
    def bytes(self) -> int | None:
        """The size of its files; None where there are none."""
        return sum(path.stat().st_size for path in self.files) or None

"""ONNX's axes, which count from the end when negative."""

from __future__ import annotations

from collections.abc import Iterable

from webnn_graph.errors import ConversionError


def axis_of(axis: int, rank: int) -> int:
    """The axis counted from the front. Raises `ConversionError` when it is out of range."""
    if not -rank <= axis < max(rank, 1):
        raise ConversionError(f"axis {axis} is out of range for rank {rank}")
    return axis % rank if rank else 0


def axes_of(axes: Iterable[int], rank: int) -> list[int]:
    """Axes counted from the front, in the order given. Raises `ConversionError` when one is out of range or twice there."""
    found = [axis_of(axis, rank) for axis in axes]
    if len(set(found)) < len(found):
        raise ConversionError(f"axes {found} contain one axis twice")
    return found

"""Spatial dimensions: padding rules and the folding of images of any rank into the two dimensions that WebNN has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Pads: TypeAlias = list[tuple[int, int]]
"""Padding per spatial dimension: before and after."""


def extent(kernel: int, dilation: int) -> int:
    """How many pixels a dilated kernel spans."""
    return (kernel - 1) * dilation + 1


def split_padding(total: int, *, more_after: bool) -> tuple[int, int]:
    """``total`` as before and after, the odd one after or before."""
    half = total // 2
    return (half, total - half) if more_after else (total - half, half)


def same_padding(size: int, kernel: int, stride: int, dilation: int, *, more_after: bool) -> tuple[int, int]:
    """The padding that makes a window of this stride give ceil(size / stride) results."""
    results = -(-size // stride)
    return split_padding(max(0, (results - 1) * stride + extent(kernel, dilation) - size), more_after=more_after)


def flat(pads: Pads) -> list[int]:
    """WebNN's ``padding``: before and after, one dimension behind the other."""
    return [amount for pair in pads for amount in pair]


def results(size: int, pads: tuple[int, int], kernel: int, stride: int, dilation: int, *, ceil: bool = False) -> int:
    """How many windows fit; rounding up, the last one must still begin inside the image or its leading padding.

    That is the rule of ONNX and PyTorch; WebNN's own ``ceil`` lacks the condition.
    """
    room = size + sum(pads) - extent(kernel, dilation)
    if not ceil:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + pads[0] else count


def padded_to(size: int, before: int, count: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """The padding with which exactly ``count`` windows fit, given what comes before."""
    return before, max(0, (count - 1) * stride + extent(kernel, dilation) - size - before)


def ones(values: Sequence[int] | None, count: int) -> list[int]:
    """``values``, or 1 for each of ``count`` dimensions when there are none."""
    return list(values) if values else [1] * count

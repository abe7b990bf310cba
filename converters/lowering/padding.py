"""Padding beyond what WebNN's pad does: negative amounts, wrapping around, reflecting more than once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.lowering.slicing import sliced
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

NUMPY_MODES = {"reflection": "reflect", "wrap": "wrap", "edge": "edge"}


def padded(b: GraphBuilder, x: Operand, before: Sequence[int], after: Sequence[int], mode: str = "constant", value: float = 0) -> Operand:
    """``x`` with elements added before and after along each axis; negative amounts take elements away, first.

    Args:
        mode: constant, edge, reflection, or wrap.
        value: For constant.
    """
    cut = {
        axis: slice(max(-b_, 0), x.shape[axis] - max(-a, 0))
        for axis, (b_, a) in enumerate(zip(before, after, strict=True))
        if min(b_, a) < 0
    }
    kept = sliced(b, x, cut) if cut else x
    first, last = [max(n, 0) for n in before], [max(n, 0) for n in after]
    if not any(first) and not any(last):
        return kept
    empty = next((i for i, n in enumerate(kept.shape) if not n and (first[i] or last[i])), None)
    if mode != "constant" and empty is not None:
        raise ConversionError(f"mode {mode} repeats the elements of axis {empty}, which has none")
    inside = all(max(p, q) < n for p, q, n in zip(first, last, kept.shape, strict=True))
    if mode in ("constant", "edge") or (mode == "reflection" and inside):
        padded: Operand = b.call("pad", kept, first, last, mode=mode, value=value if mode == "constant" else 0)
        return padded
    for axis, widths in enumerate(zip(first, last, strict=True)):
        if any(widths):
            b.reserve(kept.shape[axis] + sum(widths))
            positions = np.pad(b.arange(kept.shape[axis], np.int32), widths, NUMPY_MODES[mode])  # type: ignore[call-overload]
            kept = b.gather(kept, positions, axis=axis)
    return kept

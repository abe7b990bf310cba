"""Rotary position embedding."""

from __future__ import annotations

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def rotary(b: GraphBuilder, x: Operand, cosine: Operand, sine: Operand, *, interleaved: bool = False) -> Operand:
    """Rotates pairs of the last dimension's leading elements.

    Args:
        x: [..., head size].
        cosine, sine: [..., r / 2] with r <= head size, broadcasting to x but for the last dimension. The first r elements
            of x are rotated, the others stay.
        interleaved: Pairs are neighbours; by default element i goes with element i + r / 2.
    """
    half, size = cosine.shape[-1], x.shape[-1]
    last = x.rank - 1
    pieces = [2 * half, size - 2 * half] if size > 2 * half else [size]
    turned, *kept = b.split(x, pieces, axis=last)
    if interleaved:
        pairs = b.reshape(turned, [*x.shape[:-1], half, 2])
        first, second = (b.reshape(part, [*x.shape[:-1], half]) for part in b.split(pairs, 2, axis=x.rank))
    else:
        first, second = b.split(turned, 2, axis=last)
    real = b.sub(b.mul(first, cosine), b.mul(second, sine))
    imaginary = b.add(b.mul(first, sine), b.mul(second, cosine))
    if not interleaved:
        return b.concat([real, imaginary, *kept], last)
    together = b.concat([b.reshape(part, [*x.shape[:-1], half, 1]) for part in (real, imaginary)], x.rank)
    return b.concat([b.reshape(together, list(turned.shape)), *kept], last)


def rotation(b: GraphBuilder, cache: Operand, positions: Operand | None) -> Operand:
    """The rows of a table [positions, r / 2] at ``positions`` [batch, sequence], for x [batch, heads, sequence, size].

    Without positions the table itself is [batch, sequence, r / 2].
    """
    rows = cache if positions is None else b.gather(cache, positions)
    return b.reshape(rows, [rows.shape[0], 1, *rows.shape[1:]])

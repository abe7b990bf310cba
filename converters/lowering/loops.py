"""Recurrent layers: weights in the order that WebNN's lstm and gru take, and loops unrolled where it has no operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from converters.lowering.pieces import stack, unstack
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def gates(b: GraphBuilder, stacked: Operand, present: str, wanted: str, axis: int = 0) -> Operand:
    """Weights whose equal parts along an axis stand in the order ``present`` (one letter each), in the order ``wanted``."""
    if present == wanted:
        return stacked
    parts = dict(zip(present, b.split(stacked, len(present), axis=axis), strict=True))
    return b.concat([parts[gate] for gate in wanted], axis)


def unrolled(
    b: GraphBuilder,
    x: Operand,
    states: Sequence[Operand],
    step: Callable[[Operand, Sequence[Operand]], Sequence[Operand]],
    *,
    backward: bool,
) -> tuple[Operand, Sequence[Operand]]:
    """A loop over the first axis of x, written out.

    Args:
        step: Makes the next states of one slice of x and the states; the first state is the loop's output.
        backward: Whether it begins at the last slice.

    Returns:
        The outputs [steps, ...] in the order of x, and the last states.
    """
    slices = unstack(b, x, 0)
    outputs = []
    for item in reversed(slices) if backward else slices:
        states = step(item, states)
        outputs.append(states[0])
    return stack(b, outputs[::-1] if backward else outputs, 0), states

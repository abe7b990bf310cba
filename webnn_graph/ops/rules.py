"""What the bodies of type rules are made of."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.errors import ValidationError


def require(condition: bool, message: str, hint: str = "") -> None:
    """Raises `ValidationError` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ValidationError(message, hint)


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The bidirectionally broadcast shape (clause "broadcasting" of the standard, NumPy's rule).

    Raises:
        ValidationError: Two sizes differ and neither is 1.
    """
    rank = max(map(len, shapes))
    result = []
    for dimensions in zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True):
        sizes = set(dimensions) - {1}
        require(len(sizes) <= 1, f"shapes {' and '.join(str(list(s)) for s in shapes)} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def broadcasts_to(shape: Sequence[int], target: Sequence[int]) -> bool:
    """Whether ``shape`` is unidirectionally broadcastable to ``target``."""
    if len(shape) > len(target):
        return False
    return all(a in (1, b) for a, b in zip(reversed(shape), reversed(target), strict=False))

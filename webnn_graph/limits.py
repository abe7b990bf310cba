"""How much is computed at conversion: a small file must not be able to ask for more memory than there is."""

from __future__ import annotations

import math

from webnn_graph.errors import ValidationError

MADE = 2**28
"""Most elements of a tensor that is made while converting: 1 GiB of float32."""


def check_made(*shape: int) -> None:
    """Raises `ValidationError` when a tensor of this shape is too large to be made while converting."""
    if math.prod(shape) > MADE:
        raise ValidationError(f"needs a constant of shape {list(shape)}; at most {MADE:,} elements are made at conversion")

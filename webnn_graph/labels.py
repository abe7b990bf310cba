"""What labels of nodes say: the modules of the source model that a call is from."""

from __future__ import annotations

import re

DEEPEST = 24
"""Parts of a label that are told apart at most: modules of people's models are nested less deep."""
SEPARATOR = {True: re.compile(r"/+"), False: re.compile(r"\.+")}
"""Between the parts of a label, by whether it has slashes, as exporters write them; PyTorch's paths have dots."""

Path = tuple[str, ...]


def path_of(label: str) -> Path:
    """The parts of a label: ``/encoder/layer.0/MatMul`` and ``encoder.layer.0`` name modules, outermost first.

    Where slashes separate, the last part is the call itself, and is left out.
    """
    first = label.partition(";")[0]
    has_slashes = "/" in first
    parts = [part for part in SEPARATOR[has_slashes].split(first) if part]
    return tuple((parts[:-1] if has_slashes else parts)[:DEEPEST])

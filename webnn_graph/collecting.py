"""How often Python looks for garbage that refers to itself, of which a conversion makes hardly any."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (200_000, 20, 100)
"""Objects between two looks, and how many looks at the young are one at all. By default it is 700 objects, and a third of the time."""
_LOCK = threading.Lock()
_USUAL: list[tuple[int, int, int]] = []
"""The thresholds outside, once for each context that lasts."""


@contextmanager
def rarely() -> Iterator[None]:
    """Lets Python look more rarely as long as the context lasts: what many objects are made in that stay."""
    with _LOCK:
        _USUAL.append(_USUAL[0] if _USUAL else gc.get_threshold())
        gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        with _LOCK:
            usual = _USUAL.pop()
            if not _USUAL:
                gc.set_threshold(*usual)

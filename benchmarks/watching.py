"""Something that is looked at again and again while a context lasts."""

from __future__ import annotations

import threading
from typing import Self


class Watch:
    """Calls `look` in a thread of its own, as long as the context lasts.

    Args:
        seconds: Between two looks.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def look(self) -> None:
        """Remembers what is there now."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._seconds):
            self.look()

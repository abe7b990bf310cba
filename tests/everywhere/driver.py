"""What drives a browser."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

START_SECONDS = 60
"""Seconds in which a browser starts."""
GRACE_SECONDS = 10
"""Seconds after which a page that should have ended is taken for one that hangs."""
END_SECONDS = 10


class Driver(Protocol):
    """A browser's process while its context lasts.

    Raises:
        RuntimeUnavailable: On entering: the browser does not start.
    """

    @property
    def version(self) -> str:
        """The browser's version."""

    def ask(self, url: str, script: str, timeout: float) -> str:
        """What the body of an asynchronous function, computed in a new page at an address, returns.

        Args:
            url: Of the page.
            script: The body.
            timeout: Seconds in which the script ends by itself.

        Raises:
            RuntimeLost: It did not, or the page or the browser crashed; the browser is of no more use.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Process:
    """A program and what it starts, while the context lasts."""

    def __init__(self, command: Sequence[str | Path], **options: Any) -> None:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.popen = subprocess.Popen(command, start_new_session=True, **{**quiet, **options})

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self.popen.poll() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(END_SECONDS)
        self._signal(signal.SIGKILL)  # what it has started may be there still
        self.popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

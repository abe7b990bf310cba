"""Signals that ask the process to end, put off until work that must not stop halfway can stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


class Interrupted(WebNNError):
    """Work was stopped by a signal whose handler let the process live."""

    default = Code.INTERRUPTED


class Terminated(SystemExit):
    """Ends the process as a signal would that nothing handles, once everything is in order.

    Args:
        number: The signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.message = f"ended by {signal.Signals(number).name}"


@contextmanager
def terminating() -> Iterator[None]:
    """Within this context, a signal that nothing handles raises `Terminated`, so that what has been begun is put in order.

    Only the main thread gets signals; in others the context does nothing.
    """
    before: dict[int, Any] = {}

    def end(number: int, frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        raise Terminated(number)

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.SIG_DFL for number in ENDING if signal.getsignal(number) is signal.SIG_DFL}
        for number in before:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def beginning() -> Iterator[None]:
    """Within this context, Ctrl-C ends the process at once and without a traceback, as nothing is begun yet: modules are imported."""
    handled = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if handled:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if handled:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class Signals:
    """Within this context a signal is remembered; `check` stops the work, and it takes effect when the context ends.

    Signals that are ignored stay so. Only the main thread gets signals; in others the context does nothing.

    Raises:
        KeyboardInterrupt, Terminated: At the end, as the signal's own handler does; `Terminated` where there is none.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._arrived = 0

    def check(self) -> None:
        """Raises `Interrupted` when a signal has arrived."""
        if self._arrived:
            raise Interrupted(f"stopped by {signal.Signals(self._arrived).name}; nothing was changed")

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                handler = signal.getsignal(number)
                if handler not in (signal.SIG_IGN, None):
                    self._handlers[number] = handler
                    signal.signal(number, self._remember)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if not self._arrived:
            return
        handler = self._handlers[self._arrived]
        if handler is signal.SIG_DFL:
            raise Terminated(self._arrived) from None
        handler(self._arrived, None)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._arrived = self._arrived or number

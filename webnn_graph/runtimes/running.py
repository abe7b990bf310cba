"""A browser that several processes use, one after another, and that is started again when it is gone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from webnn_graph.errors import RuntimeUnavailable
from webnn_graph.runtimes.chromium import FLAGS, HINT, find_browser

WITH_PARENT = """
import contextlib, os, signal, sys
with contextlib.suppress(Exception):
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # Linux ends it with the process that has started it
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Becomes the browser."""
LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
START_SECONDS = 60
"""Seconds in which a browser starts."""


class RunningBrowser:
    """A Chromium while its context lasts; whoever has its address may use it as the ``browser`` of a runtime.

    Args:
        browser: The executable; by default found by `find_browser`.

    Raises:
        RuntimeUnavailable: There is none.
    """

    def __init__(self, browser: str | Path | None = None) -> None:
        self.executable = find_browser(browser)
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._profile: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> RunningBrowser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    @property
    def address(self) -> str:
        """Where it is controlled. It is started if it does not run. Raises `RuntimeUnavailable` when that fails."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        return self._address

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    def _start(self) -> None:
        self._stop()
        self.starts += 1
        self._profile = tempfile.TemporaryDirectory(prefix="webnn-browser-", ignore_cleanup_errors=True)
        flags = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={self._profile.name}", *FLAGS, "about:blank"]
        starter = [] if os.name == "nt" else [sys.executable, "-I", "-c", WITH_PARENT]
        command = [*starter, str(self.executable), *flags]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert self._process.stderr is not None
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        found = next(filter(None, map(LISTENING.search, self._process.stderr)), None)
        watchdog.cancel()
        if found is None:
            self._stop()
            raise RuntimeUnavailable(f"{self.executable} does not start", HINT)
        self._address = found[1].decode()
        threading.Thread(target=_drain, args=(self._process,), daemon=True).start()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._profile is not None:
            self._profile.cleanup()
            self._profile = None


def _drain(process: subprocess.Popen[bytes]) -> None:
    """Reads what a process says, which would block it otherwise."""
    assert process.stderr is not None
    with process.stderr:
        for _ in process.stderr:
            pass

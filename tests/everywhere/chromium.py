"""Chromium, driven by Playwright."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

from tests.everywhere.driver import GRACE_SECONDS
from webnn_graph.errors import RuntimeLost, reason
from webnn_graph.runtimes.chromium import Driven

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


class Chromium(Driven):
    """See `Driver`. Visits share what pages keep."""

    hint = ""
    _context: BrowserContext
    _pid: int

    def ask(self, url: str, script: str, timeout: float) -> str:
        from playwright.sync_api import Error

        def answer() -> str:
            watchdog = threading.Timer(timeout + GRACE_SECONDS, os.kill, (self._pid, signal.SIGKILL))
            watchdog.start()
            try:
                page = self._context.new_page()
                page.goto(url, timeout=timeout * 1000)
                said = str(page.evaluate(f"async () => {{ {script} }}"))
                page.close()
            except Error as error:
                raise RuntimeLost(f"Chromium failed at {url}: {reason(error)}") from None
            finally:
                watchdog.cancel()
            return said

        return self._do(answer)

    def _launch(self) -> None:
        super()._launch()
        assert self._browser is not None
        self._context = self._browser.new_context()
        processes = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        self._pid = next(process["id"] for process in processes if process["type"] == "browser")

"""A Chromium with WebNN, found, started and driven by Playwright."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from webnn_graph.errors import ExecutionError, RuntimeLost, RuntimeUnavailable, reason
from webnn_graph.runtimes import RUNTIMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

VARIABLE = "WEBNN_CHROMIUM"
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FLAGS = (*QUIET, "--enable-features=WebMachineLearningNeuralNetwork")
COMMANDS = ("google-chrome", "google-chrome-stable", "chrome", "chromium", "chromium-browser")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
HINT = f"pass the path of a Chromium that has WebNN with --browser or {VARIABLE}; docs/start/install.md says how to get one"

START = """([name, argument]) => {
    window.outcome = undefined;
    const finish = (error) => { window.outcome = error ? `${error.name}: ${error.message}` : ""; };
    import("/pages/runner.js").then((runner) => runner[name](argument)).then(() => finish(), finish);
}"""
VERSION_SECONDS = 30
"""Seconds in which a browser says its version."""
T = TypeVar("T")


def version_of(browser: str | Path | None = None) -> str:
    """What an executable says that it is: ``Chromium 147.0.7727.0``; see `find_browser`."""
    executable = find_browser(browser)
    try:
        done = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeUnavailable(f"{executable} does not start: {reason(error)}", HINT) from None
    return " ".join(done.stdout.split())


def is_address(browser: str | Path | None) -> bool:
    """Whether a browser is given by the address at which it is controlled, and not by its executable."""
    return isinstance(browser, str) and browser.startswith("ws://")


def find_browser(browser: str | Path | None = None) -> Path:
    """The executable to drive: the argument, unless it is an address, then ``WEBNN_CHROMIUM``, then an installed Chrome or Chromium.

    Raises:
        RuntimeUnavailable: There is none, or the one asked for does not exist.
    """
    given = None if is_address(browser) else browser
    for source, path in (("the browser", given), (VARIABLE, os.environ.get(VARIABLE))):
        if path:
            if not Path(path).is_file():
                raise RuntimeUnavailable(f"{source} {path} does not exist", HINT)
            return Path(path)
    found = next(filter(None, map(shutil.which, COMMANDS)), None) or next((p for p in PLACES if Path(p).is_file()), None)
    if found is None:
        raise RuntimeUnavailable("no Chrome or Chromium is installed", HINT)
    return Path(found)


class Driven:
    """A Chromium process that Playwright drives while its context lasts.

    Playwright stays on a thread of its own, so that several of these, and an event loop, can be there at once.

    Raises:
        RuntimeUnavailable: On entering: Playwright is missing, or the browser does not start.
    """

    hint = HINT

    def __init__(self, executable: Path, flags: Sequence[str] = ()) -> None:
        self.executable = executable
        self.flags = flags
        self._browser: Browser | None = None

    def __enter__(self) -> Self:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            raise RUNTIMES["browser"].unavailable() from None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="playwright")
        self._playwright: Playwright = self._do(lambda: sync_playwright().start())
        try:
            self._do(self._launch)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._do(self._close)
        self._do(self._playwright.stop)
        self._thread.shutdown()

    @property
    def version(self) -> str:
        """The browser's version."""

        def version() -> str:
            if self._browser is None:
                self._launch()
            assert self._browser is not None
            return str(self._browser.version)

        return self._do(version)

    # ------------------------------------------------------------------------------------------ on the thread of Playwright
    def _do(self, function: Callable[[], T]) -> T:
        return self._thread.submit(function).result()

    def _launch(self) -> None:
        from playwright.sync_api import Error

        try:
            self._browser = self._playwright.chromium.launch(executable_path=str(self.executable), args=list(self.flags))
        except Error as error:
            raise RuntimeUnavailable(f"{self.executable} does not start: {reason(error)}", self.hint) from None

    def _close(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None


class Chromium(Driven):
    """A browser with WebNN while its context lasts. Its pages come from ``url``, which serves ``/pages/runner.js``.

    Args:
        executable: The browser.
        url: See above.
        address: Of a browser that runs already, see `RunningBrowser`: used until it fails, which ends it; then, the executable is.

    Raises:
        RuntimeUnavailable: On entering: Playwright is missing, the browser does not start or has no working WebNN.
    """

    def __init__(self, executable: Path, url: str, address: str = "") -> None:
        super().__init__(executable, FLAGS)
        self.address = address
        self.url = url

    def open_page(self) -> Page:
        """A new page, in a new browser process if the last one failed."""
        return self._do(self._new_page)

    def close_page(self, page: Page) -> None:
        """Closes a page, unless it is gone with its process."""
        from playwright.sync_api import Error

        def close() -> None:
            with suppress(Error):
                page.close()

        self._do(close)

    def call(self, page: Page, function: str, argument: str, timeout: float) -> None:
        """Awaits ``function(argument)`` of the page's runner for at most ``timeout`` seconds.

        Raises:
            ExecutionError: With the browser's own message; or it crashed or took too long. Every page is gone then.
        """
        outcome = self._do(lambda: self._outcome(page, function, argument, timeout))
        if outcome:
            # A backend that failed once may be gone for every later graph of its process.
            self._do(self._end)
            raise outcome

    def ask(self, function: str) -> Any:
        """What ``function()`` of the runner returns."""

        def evaluate() -> Any:
            page = self._new_page()
            answer = page.evaluate("(name) => import('/pages/runner.js').then((runner) => runner[name]())", function)
            page.close()
            return answer

        return self._do(evaluate)

    # ------------------------------------------------------------------------------------------ on the thread of Playwright
    def _launch(self) -> None:
        from playwright.sync_api import Error

        self._browser = self._connected()
        if self._browser is None:
            super()._launch()
        try:
            page = self._new_page()
            missing = page.evaluate("import('/pages/runner.js').then((runner) => runner.probe())")
            page.close()
        except Error as error:
            raise RuntimeUnavailable(f"{self.executable} does not start: {reason(error)}", HINT) from None
        if missing:
            raise RuntimeUnavailable(f"{self.executable} has no working WebNN: {missing}", HINT)

    def _connected(self) -> Browser | None:
        """The browser that runs already, if there is one."""
        from playwright.sync_api import Error

        if self.address:
            try:
                return self._playwright.chromium.connect_over_cdp(self.address)
            except Error:
                self.address = ""  # somebody ended it
        return None

    def _new_page(self) -> Page:
        if self._browser is None:
            self._launch()
        assert self._browser is not None
        page = self._browser.new_page()
        page.goto(f"{self.url}/index.html")
        return page

    def _outcome(self, page: Page, function: str, argument: str, timeout: float) -> ExecutionError | None:
        """What went wrong."""
        from playwright.sync_api import Error
        from playwright.sync_api import TimeoutError as TimedOut

        failed = f"the browser failed to {function} the model"
        try:
            page.evaluate(START, [function, argument])
            page.wait_for_function("window.outcome !== undefined", timeout=timeout * 1000, polling=20)
            outcome = page.evaluate("window.outcome")
        except TimedOut:
            return RuntimeLost(f"{failed}: no answer after {timeout:g} s")
        except Error as error:
            return RuntimeLost(f"{failed}: {reason(error)}")
        return ExecutionError(f"{failed}: {outcome}") if outcome else None

    def _end(self) -> None:
        """Ends the browser's process, also of one that ran already."""
        from playwright.sync_api import Error

        if self.address and self._browser is not None:
            self.address = ""
            with suppress(Error):
                self._browser.new_browser_cdp_session().send("Browser.close")
        self._close()

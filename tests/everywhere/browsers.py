"""The browsers: where each is found, and a page's result in it.

with started("firefox") as browser:
    browser.visit("http://127.0.0.1:8000/page.html")
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.everywhere.chromium import Chromium
from tests.everywhere.driver import Driver
from tests.everywhere.webdriver import Firefox, WebKit
from webnn_graph.errors import ExecutionError, RuntimeLost, RuntimeUnavailable
from webnn_graph.runtimes.chromium import FLAGS, QUIET

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 60.0
WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")
"""What gives a headless Chromium an adapter that computes on the CPU."""


@dataclass(frozen=True)
class Browser:
    """A browser, and how it is started.

    Attributes:
        name: How it is asked for.
        program: What is started; the environment variable that names its executable is made of it.
        place: A command, or where it is below the root of the file system or of this project, with wildcards.
        drive: Makes the driver of an executable.
        has_webnn: Whether it has ``navigator.ml``.
    """

    name: str
    program: str
    place: str
    drive: Callable[[Path], Driver]
    has_webnn: bool = False

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"WEBNN_{self.program.upper().replace('-', '_')}"

    @property
    def hint(self) -> str:
        """What to do where it is absent."""
        return f"make browsers installs it, or {self.variable} names its executable"

    def find(self) -> Path:
        """The executable.

        Raises:
            RuntimeUnavailable: There is none, or what the variable names does not exist.
        """
        if named := os.environ.get(self.variable):
            if not Path(named).is_file():
                raise RuntimeUnavailable(f"{self.variable} {named} does not exist", self.hint)
            return Path(named)
        root = Path("/") if self.place.startswith("/") else ROOT
        found = shutil.which(self.place) or next(root.glob(self.place.lstrip("/")), None)
        if found is None:
            raise RuntimeUnavailable(f"{self.program} is not installed", self.hint)
        return Path(found)


WEBNN, PLAIN = partial(Chromium, flags=FLAGS), partial(Chromium, flags=QUIET)
FIRST, SECOND = ("chromium-147", ".venv/chromium/chromium"), ("chromium-153", ".venv/chromium-153.0.0/chromium")
BROWSERS = {
    browser.name: browser
    for browser in (
        Browser("chromium-147", *FIRST, WEBNN, has_webnn=True),
        Browser("chromium-153", *SECOND, WEBNN, has_webnn=True),
        Browser("chromium-147-without-webnn", *FIRST, PLAIN),
        Browser("chromium-153-without-webnn", *SECOND, PLAIN),
        Browser("chromium-webgpu", "chromium-webgpu", "chromium", partial(Chromium, flags=(*QUIET, *WEBGPU))),
        Browser("firefox", "firefox", "firefox-esr", Firefox),
        Browser("webkit", "webkit", "/usr/lib/*/webkit2gtk-4.*/MiniBrowser", WebKit),
    )
}

ENGINES = "chromium-147-without-webnn", "firefox", "webkit"
"""One of each engine, without WebNN."""

RESULT = "return window.result"
"""What a page's result is: a value that is set, or a promise of one."""
ASK = """const find = async () => { SCRIPT };
const found = async () => {
  for (;;) {
    const value = await find();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no result after SECONDS s")), 1000 * SECONDS));
try {
  return JSON.stringify({ value: await Promise.race([found(), late]) });
} catch (error) {
  return JSON.stringify({ error: `${error}`, stack: error?.stack, said: window.consoleErrors ?? [] });
}"""


class Visitor:
    """A browser that runs, and is started anew once it failed; made by `started`."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._driver: Driver | None = None

    @property
    def version(self) -> str:
        """The browser's version."""
        return self._running().version

    def visit(self, url: str, script: str = RESULT, timeout: float = TIMEOUT_SECONDS) -> Any:
        """The result of a page, as JSON has it.

        Args:
            url: The page. If a `Site` serves it, an error says what the page wrote to its console, too.
            script: The body of an asynchronous function of the page: it is called until it returns something.
            timeout: Seconds in which it must.

        Raises:
            ExecutionError: The script threw something, returned nothing in time, or the browser crashed.
            RuntimeUnavailable: A browser that failed does not start again.
        """
        asked = ASK.replace("SCRIPT", script).replace("SECONDS", f"{timeout:g}")
        try:
            answer = json.loads(self._running().ask(url, asked, timeout))
        except RuntimeLost:
            self.close()
            raise
        if "error" in answer:
            lines = [answer["error"], *(answer.get("stack") or "").splitlines(), *answer["said"]]
            raise ExecutionError(f"{self.browser.name} failed at {url}: " + "\n".join(dict.fromkeys(filter(None, lines))))
        return answer["value"]

    def close(self) -> None:
        """Ends the browser."""
        driver, self._driver = self._driver, None
        if driver is not None:
            with suppress(Exception):  # of one that is gone already
                driver.__exit__(None, None, None)

    def _running(self) -> Driver:
        if self._driver is None:
            try:
                self._driver = self.browser.drive(self.browser.find()).__enter__()
            except RuntimeUnavailable as unavailable:
                raise RuntimeUnavailable(unavailable.what, unavailable.hint or self.browser.hint) from None
        return self._driver


@contextmanager
def started(name: str) -> Iterator[Visitor]:
    """One of the `BROWSERS`, started.

    Raises:
        RuntimeUnavailable: It is not there, or does not start.
    """
    visitor = Visitor(BROWSERS[name])
    try:
        visitor.version  # noqa: B018 starts it
        yield visitor
    finally:
        visitor.close()

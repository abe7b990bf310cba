"""Browsers that speak the WebDriver protocol, https://www.w3.org/TR/webdriver2/: Firefox over a socket, WebKit over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.everywhere.driver import GRACE_SECONDS, START_SECONDS, Process
from webnn_graph.errors import RuntimeLost, RuntimeUnavailable

T = TypeVar("T")


class Refused(Exception):
    """What a browser says instead of doing something."""


FAILURES = Refused, OSError, ValueError, HTTPException
"""What becomes of commands: they are refused, or answered not at all or by nonsense."""


class WebDriver(ABC):
    """See `Driver`.

    Args:
        executable: The browser.
    """

    capabilities: Mapping[str, Any] = {}
    _commands: Commands

    def __init__(self, executable: Path) -> None:
        self.executable = executable

    @abstractmethod
    def connect(self, stack: ExitStack) -> Commands:
        """Starts the browser, or what starts it; where commands are sent to."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            try:
                self._commands = self.connect(stack)
                said = self._commands.send("NewSession", {"capabilities": {"alwaysMatch": self.capabilities}}, START_SECONDS)
            except FAILURES as error:
                raise RuntimeUnavailable(f"{self.executable} does not start: {error}") from None
            self.version = str(said["capabilities"]["browserVersion"])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def ask(self, url: str, script: str, timeout: float) -> str:
        milliseconds = int((timeout + GRACE_SECONDS / 2) * 1000)
        answered = f"const done = arguments[0]; (async () => {{ {script} }})().then(done);"
        limit = timeout + GRACE_SECONDS
        try:
            self._commands.send("SetTimeouts", {"pageLoad": milliseconds, "script": milliseconds}, limit)
            self._commands.send("Navigate", {"url": url}, limit)
            said = str(self._commands.send("ExecuteAsyncScript", {"script": answered, "args": []}, limit))
            self.leave()
        except FAILURES as error:
            raise RuntimeLost(f"{self.executable.name} failed at {url}: {error}") from None
        return said

    def leave(self) -> None:
        """Gives up a page that has answered, which may go on computing otherwise. Raises one of the `FAILURES`."""
        self._commands.send("Navigate", {"url": "about:blank"}, GRACE_SECONDS)


class Commands(ABC):
    """Where commands are sent to."""

    @abstractmethod
    def send(self, command: str, parameters: Mapping[str, Any], timeout: float) -> Any:
        """What a browser answers within so many seconds. Raises one of the `FAILURES`."""


# ------------------------------------------------------------------------------------------------------------------------ Firefox
PREFERENCES = {"marionette.port": 0, "app.normandy.enabled": False, "datareporting.policy.dataSubmissionEnabled": False}


class Firefox(WebDriver):
    """Firefox, which has WebDriver's commands under the name of Marionette, in its own framing."""

    def connect(self, stack: ExitStack) -> Commands:
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webnn-firefox-", ignore_cleanup_errors=True)))
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
        (profile / "user.js").write_text("".join(lines))
        command = [str(self.executable), "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
        process = stack.enter_context(Process(command))
        port = profile / "MarionetteActivePort"
        number = waited_for(lambda: port.is_file() and port.read_text(), process)
        return stack.enter_context(Marionette(int(number)))

    def leave(self) -> None:
        """Goes on in a new tab: pages of one tab share a process, which keeps the WebAssembly code of all, and has room for 2 GB."""
        tab = self._commands.send("NewWindow", {"type": "tab"}, GRACE_SECONDS)
        self._commands.send("CloseWindow", {}, GRACE_SECONDS)
        self._commands.send("SwitchToWindow", {"handle": tab["handle"]}, GRACE_SECONDS)


class Marionette(Commands):
    """A connection: each message is JSON behind its length and a colon, ``[0, number, command, parameters]``, answered by
    ``[1, number, error, result]``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), START_SECONDS)
        self._file = self._socket.makefile("rb")
        self._count = 0
        self._read()  # what it is

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()

    def send(self, command: str, parameters: Mapping[str, Any], timeout: float) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, f"WebDriver:{command}", parameters]).encode()
        self._socket.settimeout(timeout)
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise Refused(error["message"])
        return result["value"] if result and "value" in result else result

    def _read(self) -> Any:
        length = b""
        while (character := self._file.read(1)) not in (b":", b""):
            length += character
        return json.loads(self._file.read(int(length)))


# ------------------------------------------------------------------------------------------------------------------------- WebKit
PATHS = {"NewSession": "", "Navigate": "/url", "ExecuteAsyncScript": "/execute/async", "SetTimeouts": "/timeouts"}
PROGRAMS = "WebKitWebDriver", "Xvfb"


class WebKit(WebDriver):
    """WebKitGTK's MiniBrowser, which WebKitWebDriver starts, on a display of its own."""

    def __init__(self, executable: Path) -> None:
        super().__init__(executable)
        self.capabilities = {"webkitgtk:browserOptions": {"binary": str(executable), "args": ["--automation"]}}

    def connect(self, stack: ExitStack) -> Commands:
        for program in PROGRAMS:
            if not shutil.which(program):
                raise OSError(f"it needs {program}, which is not installed")
        ours, theirs = os.pipe()
        with os.fdopen(ours) as said:
            command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
            stack.enter_context(Process(command, pass_fds=[theirs]))
            os.close(theirs)
            display = said.readline().strip()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = stack.enter_context(Process(["WebKitWebDriver", f"--port={port}"], env={**os.environ, "DISPLAY": f":{display}"}))
        waited_for(lambda: listens(port), process)
        return Http(f"http://127.0.0.1:{port}/session")


class Http(Commands):
    """The protocol as the standard has it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, command: str, parameters: Mapping[str, Any], timeout: float) -> Any:
        body = json.dumps(parameters).encode()
        request = urllib.request.Request(self._url + PATHS[command], body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                value = json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error)["value"]["message"]) from None
        if command == "NewSession":
            self._url += f"/{value['sessionId']}"
        return value


def listens(port: int) -> bool:
    """Whether something listens at a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def waited_for(found: Callable[[], T], process: Process) -> T:
    """What is found once it is true. Raises `OSError` when the process ends before, or it takes too long."""
    end = time.monotonic() + START_SECONDS
    while not (value := found()):
        if process.has_ended:
            raise OSError("it ended at once")
        if time.monotonic() > end:
            raise OSError(f"no answer after {START_SECONDS} s")
        time.sleep(0.05)
    return value

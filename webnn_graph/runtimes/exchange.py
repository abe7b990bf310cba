"""A folder that a web page on this machine reads from, and sends bytes back to, over HTTP."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MEGABYTE = 1 << 20
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
"""Of code. The system's own table may call a module text/plain, which a browser refuses to import."""


class Handler(SimpleHTTPRequestHandler):
    """Answers a page, see `Exchange`.

    Attributes:
        isolated: Whether pages are isolated from other origins: they have memory that threads share, and a clock of 5 microseconds,
            others one of 100.
    """

    protocol_version = "HTTP/1.1"
    isolated = True

    def do_POST(self) -> None:
        target = Path(self.translate_path(self.path))
        if target.parent.name != "out" or not target.parent.is_dir():
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        with target.open("wb") as file:
            left = int(self.headers.get("Content-Length", 0))
            while left:
                piece = self.rfile.read(min(left, MEGABYTE))
                if not piece:
                    break
                file.write(piece)
                left -= len(piece)
        self.send_response(HTTPStatus.NO_CONTENT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def end_headers(self) -> None:
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        return MEDIA_TYPES.get(Path(path).suffix, "application/octet-stream")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Exchange:
    """Serves a folder from ``http://127.0.0.1`` on a free port while its context lasts.

    A page reads any file of the folder; a POST to a path below a folder named ``out`` becomes that file.

    Args:
        folder: What is served; by default a temporary folder.
    """

    handler: type[Handler] = Handler

    def __init__(self, folder: Path | None = None) -> None:
        self._given = folder

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = self._given or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webnn-")))
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), partial(self.handler, directory=str(self.folder))))
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
            self.url = f"http://127.0.0.1:{server.server_port}"
            self._stack = stack.pop_all()
        return self

    def write(self, name: str, content: bytes) -> None:
        """Puts a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()


def remove(folder: Path) -> None:
    """Deletes a folder of the exchange with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)

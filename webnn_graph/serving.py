"""A server for pages with models, to this machine only: files of a folder, and pages that are made when they are asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from webnn_graph.errors import WebNNError
from webnn_graph.html import Page
from webnn_graph.runtimes.exchange import MEDIA_TYPES

HOST = "127.0.0.1"
PORT = 8000
"""Where pages are unless somebody says otherwise: browsers remember what a page may do by its address."""
INDEX = "index.html"
MISSING = Page("missing", ("common/theme.js", "missing/app.js"), allows={"img-src": "data:"})
"""What is shown where nothing is."""
TYPES = {
    **MEDIA_TYPES,
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".wav": "audio/wav",
}
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""What lets a page share memory with threads, and say how much it has."""
HEADERS = {**ISOLATED, "Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
SECONDS = 60
"""How long a connection may be silent."""

Pages = Callable[[str], str | None]
"""The HTML of a page by its path, which begins with a slash; None for what is a file, or nothing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "webnn", ""
    timeout = SECONDS
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if not is_ours(self.headers, self.server.server_port):
            self.send_error(HTTPStatus.FORBIDDEN, "Not from this machine's own pages")
            return
        try:
            path = unquote(urlsplit(self.path).path)
        except ValueError:  # brackets that are no address
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        page = self.server.pages(path)
        if page is not None:
            self._show(page)
            return
        file = file_of(self.server.folder, path)
        if file is None:
            self._show(MISSING.rendered({}, path=path), HTTPStatus.NOT_FOUND)
        elif file.is_dir():
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", quote(f"{path}/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            with file.open("rb") as content_of:
                self._begin(file.suffix, file.stat().st_size)
                if self.command == "GET":
                    shutil.copyfileobj(content_of, self.wfile)

    def _show(self, page: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = page.encode()
        self._begin(".html", len(content), status)
        if self.command == "GET":
            self.wfile.write(content)

    def _begin(self, suffix: str, size: int, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", TYPES.get(suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, folder: Path, pages: Pages) -> None:
        super().__init__((HOST, port), _Handler)
        self.folder = folder.resolve()
        self.pages = pages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error."""


def is_ours(headers: Message, port: int) -> bool:
    """Whether a request is from the user or from a page of this server: not from another site, nor for another name of this machine."""
    hosts = headers.get_all("Host", [])
    is_here = len(hosts) == 1 and hosts[0].lower() in (f"{HOST}:{port}", f"localhost:{port}")
    return is_here and headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")


def file_of(folder: Path, path: str) -> Path | None:
    """The file, or a folder that lacks its slash, that a path means: only what is in the folder itself, and nothing hidden.

    Args:
        folder: An absolute path without links.
        path: As a browser asks for it, decoded.
    """
    parts = path.removeprefix("/").split("/")
    is_folder = parts[-1] == ""
    names = parts[:-1] if is_folder else parts
    if any(not name or name.startswith(".") or set(name) & set("\\:\0") for name in names):
        return None
    try:
        file = folder.joinpath(*names, *([INDEX] if is_folder else [])).resolve()
        is_there = file.is_file() or (file.is_dir() and not is_folder)
    except (OSError, RuntimeError, ValueError):  # links in a circle, names that are too long
        return None
    return file if is_there and file.is_relative_to(folder) else None


@contextmanager
def serving(folder: Path, pages: Pages = lambda path: None, port: int | None = None) -> Iterator[_Server]:
    """A server on ``http://127.0.0.1`` that is ended with the context; ``serve_forever`` has it answer, ``address`` says where it is.

    Args:
        folder: What is served of files.
        pages: What is made.
        port: Where; by default 8000, or another one when that is taken.

    Raises:
        WebNNError: The port is taken, or not to be had.
    """
    try:
        server = _Server(PORT if port is None else port, folder, pages)
    except OSError as error:
        if port is not None:
            raise WebNNError(f"cannot serve at port {port}: {error.strerror or error}", "give another one, or none") from None
        server = _Server(0, folder, pages)
    with server:
        yield server


def address_of(server: _Server) -> str:
    """Where a server is."""
    return f"http://{HOST}:{server.server_port}/"

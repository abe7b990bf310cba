"""A folder that a web page on this machine reads from, and sends bytes back to, over HTTP."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

MEGABYTE = 1 << 20
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript"}


class Exchange:
    """Serves a temporary folder from ``http://127.0.0.1`` on a free port while its context lasts.

    A page reads any file of the folder; a POST to a path below a folder named ``out`` becomes that file.
    """

    def __enter__(self) -> Exchange:
        self._temporary = tempfile.TemporaryDirectory(prefix="webnn-")
        self.folder = Path(self._temporary.name)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(self.folder)))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def write(self, name: str, content: bytes) -> None:
        """Puts a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._temporary.cleanup()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

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
        # A page that is isolated from other origins has a clock of 5 microseconds, others one of 100.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        # The system's own table may call a module text/plain, which a browser refuses to import.
        return MEDIA_TYPES.get(Path(path).suffix, "application/octet-stream")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def remove(folder: Path) -> None:
    """Deletes a folder of the exchange with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)

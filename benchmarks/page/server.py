"""A folder over HTTP as a site would serve it: code compressed by gzip, no caching."""

from __future__ import annotations

import gzip
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
"""Of code, all of which is compressed; weights are not, they would hardly get smaller."""


class Server:
    """Serves a folder from ``http://127.0.0.1`` while its context lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Server:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(self.folder)))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def compressed(self, path: str) -> int:
        """Bytes that a page fetches of a file of code; 0 for what is none."""
        file = self.folder / path.lstrip("/")
        return len(_compressed(file)) if file.suffix in MEDIA_TYPES else 0


def _compressed(file: Path) -> bytes:
    """The file compressed, which is kept beside it."""
    kept = file.with_name(f"{file.name}.gz")
    if not kept.is_file() or kept.stat().st_mtime < file.stat().st_mtime:
        kept.write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    return kept.read_bytes()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if file.suffix not in MEDIA_TYPES or not file.is_file():
            super().do_GET()
            return
        content = _compressed(file)
        self.send_response(200)
        self.send_header("Content-Type", MEDIA_TYPES[file.suffix])
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        # A page that is isolated from other origins has a clock of 5 microseconds, others one of 100.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def guess_type(self, path: Any) -> str:
        return "application/octet-stream"

    def log_message(self, format: str, *args: Any) -> None:
        pass

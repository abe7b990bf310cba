"""A folder over HTTP as a site would serve it: code compressed by gzip, no caching."""

from __future__ import annotations

import gzip
from pathlib import Path

from webnn_graph.runtimes.exchange import MEDIA_TYPES, Exchange, Handler


class _Handler(Handler):
    """Code is compressed; weights are not, they would hardly get smaller."""

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
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


class Server(Exchange):
    """Serves a folder while its context lasts."""

    handler = _Handler

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

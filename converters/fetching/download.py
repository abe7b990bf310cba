"""Downloading a file over HTTP, going on where an earlier attempt ended."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from webnn_graph.errors import WebNNError
from webnn_graph.wording import size

TIMEOUT = 60
"""Seconds to wait for an answer, or for more of it."""
ATTEMPTS = 4
"""How often a download that breaks off is gone on with."""
PIECE = 1 << 20
LARGEST = 16 << 30
"""Bytes of the largest file that is downloaded: a server may send data without end."""
AGENT = {"User-Agent": "webnn-convert"}
HINT = "check the network; what has arrived is kept, and the next attempt goes on there"


class _TooLarge(Exception):
    """A file is larger than `LARGEST`."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirection that leaves https."""

    def redirect_request(self, req: urllib.request.Request, *answer: Any) -> urllib.request.Request | None:
        """See `HTTPRedirectHandler`; the last of ``answer`` is the new address."""
        if req.type == "https" and not answer[-1].lower().startswith("https:"):
            raise OSError(f"it redirects to {answer[-1]}, which is not https:")
        return super().redirect_request(req, *answer)


OPENER = urllib.request.build_opener(_Redirects)


def download(url: str, target: Path) -> None:
    """Downloads a file. What has arrived of it stands in ``<target>.part`` until it is whole, also after the process has ended.

    Raises:
        WebNNError: There is no such file, or the connection does not last.
    """
    part = target.with_name(f"{target.name}.part")
    for attempt in range(1, ATTEMPTS + 1):
        before = part.stat().st_size if part.exists() else 0
        try:
            _go_on(url, part)
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                part.unlink()  # it is longer than the file: another one
                continue
            raise WebNNError(f"{url} cannot be downloaded: {error.code} {error.reason}", "check the source and its version") from None
        except _TooLarge:
            part.unlink()
            raise WebNNError(f"{url} cannot be downloaded: it is larger than {size(LARGEST)}", "file: takes what is here already") from None
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                raise WebNNError(f"{url} cannot be downloaded: {getattr(error, 'reason', error)}", HINT) from None
        else:
            part.replace(target)
            return
    raise WebNNError(f"{url} cannot be downloaded: it keeps breaking off", HINT)


def _go_on(url: str, part: Path) -> None:
    """Appends what is missing of a file; all of it where the server does not send parts."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers=AGENT | ({"Range": f"bytes={have}-"} if have else {}))  # noqa: S310
    with OPENER.open(request, timeout=TIMEOUT) as answer:
        continues = answer.status == http.client.PARTIAL_CONTENT
        with part.open("ab" if continues else "wb") as file:
            arrived = _copy(answer, file, LARGEST - file.tell())
        expected = answer.headers.get("Content-Length", "")
        if expected.isdecimal() and arrived != int(expected):
            raise OSError(f"{arrived:,} of {int(expected):,} bytes arrived")


def _copy(content: IO[bytes], file: IO[bytes], most: int) -> int:
    arrived = 0
    while piece := content.read(PIECE):
        arrived += len(piece)
        if arrived > most:
            raise _TooLarge
        file.write(piece)
    return arrived


def digest(path: Path, algorithm: str = "sha256") -> str:
    """The digest of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()

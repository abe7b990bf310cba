"""What a case must not do besides being right: write, delete or read elsewhere, start programs, talk to the network.

Python tells an audit hook before it does any of this; what native code does is seen in the folders afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import SECRET

FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.spawn", "socket.connect", "socket.getaddrinfo"),
    "urllib.Request",
)
CHANGING = (
    *("os.mkdir", "os.rmdir", "os.remove", "os.rename", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime"),
    *("shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.unpack_archive"),
)
ISOLATED = "converters.isolated"
"""The project's own processes begin with its import."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """Refuses and remembers what must not be done, while it is entered.

    Args:
        allowed: The folders that may be written to.
    """

    def __init__(self, allowed: list[Path]) -> None:
        self.allowed = tuple(f"{folder}/" for folder in allowed)
        self.seen: list[str] = []
        self._watching = False
        sys.addaudithook(self._hook)  # it stays as long as the process

    def __enter__(self) -> None:
        self.seen.clear()
        self._watching = True

    def __exit__(self, *_: object) -> None:
        self._watching = False

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Nothing is refused or remembered inside."""
        watching, self._watching = self._watching, False
        try:
            yield
        finally:
            self._watching = watching

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event == "open":
            self._opened(*arguments)
        elif self._is_refused(event, arguments):
            self._refuse(event, arguments)

    def _is_refused(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "subprocess.Popen":
            return ISOLATED not in str(arguments[1])
        return event in FORBIDDEN or (event in CHANGING and not self._is_allowed(arguments[0]))

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        if Path(os.fsdecode(path)).name == SECRET:
            self._refuse("read", (path,))
        if isinstance(flags, int) and flags & WRITING and not self._is_allowed(path) and os.fsdecode(path) != os.devnull:
            self._refuse("write", (path,))

    def _is_allowed(self, path: Any) -> bool:
        return isinstance(path, int) or os.path.abspath(os.fsdecode(path)).startswith(self.allowed)  # noqa: PTH100

    def _refuse(self, event: str, arguments: tuple[Any, ...]) -> None:
        self.seen.append(f"{event}{tuple(str(argument)[:200] for argument in arguments[:2])}")
        raise PermissionError(f"{event} is not allowed")


def listing(folder: Path, without: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below a folder with its size and time of change, but for one folder's content."""
    found = {}
    for root, folders, files in os.walk(folder):
        here = Path(root)
        if here == without:
            folders.clear()
            continue
        for name in files:
            status = (here / name).lstat()
            found[f"{here / name}"] = status.st_size, status.st_mtime_ns
        found |= {f"{here / name}": (0, 0) for name in folders}
    return found

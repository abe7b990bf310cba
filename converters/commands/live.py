"""How far work on many things is: a table that changes on a terminal, a line for each thing elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from converters.commands.console import echo, verbosity
from webnn_graph.wording import harmless

if TYPE_CHECKING:
    from rich.console import Group

REFRESHES = 4
"""Per second."""
LEAST = 0.5
"""Seconds that something must take to be shown while it is worked on."""


class Live:
    """Shows on stderr what is worked on and what is done; nothing with --quiet or --json.

    Args:
        total: How many things there are.
        done: How many of them are done already.
    """

    def __init__(self, total: int, done: int = 0) -> None:
        self.total = total
        self.done = done
        self._stages: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._begun_with = done

    def __enter__(self) -> Live:
        self._live = None
        if not verbosity().is_silent and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as Refreshed

            self._live = Refreshed(console=Console(stderr=True), get_renderable=self._table, refresh_per_second=REFRESHES, transient=True)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def stage(self, name: str, stage: str) -> None:
        """Something is at a stage now; from any thread."""
        with self._lock:
            begun = self._stages.get(name, ("", time.monotonic()))[1]
            self._stages[name] = stage, begun

    def finished(self, name: str, line: str, is_bad: bool = False) -> None:
        """Something is done.

        Args:
            name: What.
            line: What is said of it.
            is_bad: Whether it stands out.
        """
        with self._lock:
            self._stages.pop(name, None)
            self.done += 1
        if self._live:
            from rich.text import Text

            self._live.console.print(Text(harmless(line), style="bold red" if is_bad else "", no_wrap=True, overflow="ellipsis"))
        elif not verbosity().is_silent:
            width = len(str(self.total))
            echo(f"[{self.done:{width}}/{self.total}] {line}", err=True)

    def _table(self) -> Group:
        """What is worked on, and how much is done."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        with self._lock:
            working = sorted(self._stages.items(), key=lambda item: item[1][1])
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        for name, (stage, begun) in working:
            if now - begun > LEAST:
                table.add_row(
                    Text(harmless(name), style="bold"), Text(harmless(stage), style="cyan"), Text(f"{now - begun:.0f} s", style="dim")
                )
        bar = Table.grid(padding=(0, 2, 0, 0))
        bar.add_row(
            ProgressBar(self.total, self.done, width=30), Text(f"{self.done:,} of {self.total:,}"), Text(self._left(now), style="dim")
        )
        return Group(table, bar)

    def _left(self, now: float) -> str:
        """How much longer it is going to take, as far as can be told."""
        done = self.done - self._begun_with
        if done < 3:
            return ""
        seconds = (now - self._started) / done * (self.total - self.done)
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"

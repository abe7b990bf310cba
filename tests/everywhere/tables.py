"""The commands of this package: what browsers make of many things, as a table in Markdown."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.everywhere.browsers import BROWSERS, Visitor, started
from webnn_graph.errors import RuntimeUnavailable


@dataclass(frozen=True)
class Table:
    """A command that prints a table.

    Attributes:
        command: ``python -m tests.everywhere.<command>``.
        what: What is tried.
        heads: Of the columns.
        last: How the last column is aligned; the first three are text, the others figures.
        names: What is tried by default.
        metavar: How help calls what is named.
    """

    command: str
    what: str
    heads: Sequence[str]
    last: str
    names: Sequence[str]
    metavar: str = "NAME"

    def printed(
        self, arguments: Sequence[str], rows: Callable[[Sequence[str], Sequence[Visitor]], Iterable[tuple[list[str], bool]]]
    ) -> int:
        """Prints the cells of each row; 1 when one of them is not right, else 0.

        Args:
            arguments: Of the command line.
            rows: Makes the cells of each row, and says whether it is right, of names and browsers.
        """
        parser = argparse.ArgumentParser(prog=f"python -m tests.everywhere.{self.command}", description=f"{self.what} in real browsers.")
        parser.add_argument("wanted", nargs="*", metavar=self.metavar, help=f"by default {', '.join(self.names)}")
        parser.add_argument("--browser", action="append", choices=BROWSERS, help="by default all")
        options = parser.parse_args(arguments)
        warnings.simplefilter("ignore")
        status = 0
        with ExitStack() as stack:
            browsers = []
            for name in options.browser or BROWSERS:
                try:
                    browsers.append(stack.enter_context(started(name)))
                except RuntimeUnavailable as unavailable:
                    print(f"{name}: {unavailable}", file=sys.stderr)
            aligned = ["---"] * 3 + ["--:"] * (len(self.heads) - 4) + [self.last]
            print(f"| {' | '.join(self.heads)} |\n| {' | '.join(aligned)} |")
            for cells, is_right in rows(options.wanted or self.names, browsers):
                print(f"| {' | '.join(cells)} |", flush=True)
                status |= not is_right
        return status

"""The commands of this package: what browsers make of many things, as a table in Markdown."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.page import ORT
from tests.everywhere.browsers import BROWSERS, Visitor, started
from tests.everywhere.site import Site
from webnn_graph.errors import RuntimeUnavailable, WebNNError

SECONDS = 180
"""In which a page must have its result."""
Row: TypeAlias = tuple[list[str], bool]
"""Its cells, of which the last may be missing, and whether all is right."""


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

    def printed(self, arguments: Sequence[str], rows: Callable[[Sequence[str], Sequence[Visitor]], Iterable[Row]]) -> int:
        """Prints the rows; 1 when one of them is not right, else 0.

        Args:
            arguments: Of the command line.
            rows: Makes them, of names and browsers.
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
                filled = [*cells, *[""] * (len(self.heads) - len(cells))]
                print(f"| {' | '.join(filled)} |", flush=True)
                status |= not is_right
        return status


def visited(
    names: Sequence[str],
    browsers: Sequence[Visitor],
    *,
    write: Callable[[str, Site], None],
    script: Callable[[str, Visitor], str],
    cells: Callable[[str, Any], tuple[list[str], bool]],
) -> Iterator[Row]:
    """A row for each name and browser: both, and what is said of a page's result.

    Args:
        names: What is tried.
        browsers: In which.
        write: Writes what the pages of a name need into a site, where ONNX Runtime Web is ``ort``.
        script: What a name's page does.
        cells: The other cells, of the name and its page's result, and whether that is right.
    """
    with Site() as site:
        site.link("ort", ORT / "dist")
        for name in names:
            try:
                write(name, site)
            except WebNNError as error:
                yield [name, "", error.what.splitlines()[0]], False
                continue
            for browser in browsers:
                try:
                    result = browser.visit(site.page(script(name, browser)), timeout=SECONDS)
                except WebNNError as error:
                    found, is_right = [error.what.splitlines()[0]], False
                else:
                    found, is_right = cells(name, result)
                yield [name, browser.browser.name, *found], is_right

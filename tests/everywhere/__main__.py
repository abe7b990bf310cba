"""Shows what each browser has, as a table in Markdown: ``python -m tests.everywhere [BROWSER...]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.everywhere.browsers import BROWSERS, started
from tests.everywhere.facts import FACTS, facts
from webnn_graph.errors import RuntimeUnavailable


def main(names: Sequence[str]) -> None:
    """Prints the table of some browsers, and why others are not in it."""
    columns = {}
    for name in names:
        try:
            with started(name) as browser:
                alone, together = facts(browser), facts(browser, isolated=True)
                columns[f"{name} {browser.version}"] = [cell(alone[fact], together[fact]) for fact in FACTS]
        except RuntimeUnavailable as unavailable:
            print(f"{name}: {unavailable}", file=sys.stderr)
    print("|".join(["", "", *columns, ""]))
    print("|".join(["", *["---"] * (len(columns) + 1), ""]))
    for fact, *cells in zip(FACTS, *columns.values(), strict=True):
        print("|".join(["", fact, *cells, ""]))


def cell(alone: bool, isolated: bool) -> str:
    """Whether a page has something, or needs to be isolated for it."""
    return "yes" if alone else "isolated" if isolated else ""


if __name__ == "__main__":
    main(sys.argv[1:] or list(BROWSERS))

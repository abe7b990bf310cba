"""Measures every case in every browser that is given, and writes the table: ``python -m benchmarks.calls BROWSER... -o FILE``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.calls.case import Case
from webnn_graph.modules import modules_of
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.runtimes.timing import Times, timed

SECONDS = 0.2
"""For each form, in turns with the others of its case."""
HEAD = """# What calls cost in browsers

Equal forms of calls differ, by up to a hundred times, and not alike in every version. This is what each costs in Chromium's CPU
backend, in microseconds of one call, and what the conversion's [passes and quirks](architecture.md) go by. Behind each is its
part of the first form. `make calls` writes this page: the forms of a case take turns in one page, so that a busy machine slows all of
them; compare the forms of a case with each other. Short of 10 microseconds much of it is the call itself. `refused` is what the
browser does not build as it stands.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("browsers", nargs="+", help="the executables")
    parser.add_argument("-o", "--output", type=Path, help="the page; it is printed by default")
    parser.add_argument("--only", default="", metavar="PATTERN", help="cases whose titles it is found in")
    given = parser.parse_args(arguments)
    chosen = [case for case in all_cases() if re.search(given.only, case.title)]
    found = []
    for browser in given.browsers:
        with BrowserSession(browser) as session:
            found.append((session.chromium.version.split(".")[0], [measured(session, case) for case in chosen]))
    text = "\n".join(page(chosen, found))
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def all_cases() -> list[Case]:
    """The cases of every file."""
    return [case for module in modules_of("benchmarks.calls.cases") for case in module.CASES]


def measured(session: BrowserSession, case: Case) -> list[Times]:
    """How long a graph of each form takes."""
    graphs = [case.graph(form) for form in case.forms.values()]
    return timed(session, graphs, seconds=SECONDS * len(graphs))


def page(chosen: Sequence[Case], found: Sequence[tuple[str, Sequence[Sequence[Times]]]]) -> Iterator[str]:
    """The page's lines; ``found`` has the version of each browser and the times of each case's forms."""
    yield HEAD
    for i, case in enumerate(chosen):
        yield f"## {case.title[0].upper()}{case.title[1:]}\n"
        given = " and ".join(str(list(shape)) for shape in dict.fromkeys(case.inputs))
        yield f"| on {given} | {' | '.join(version for version, _ in found)} |"
        yield f"| --- {'| ---: ' * len(found)}|"
        for j, form in enumerate(case.forms):
            cells = [_cell(times[i][j], times[i][0], case.repeats) for _, times in found]
            yield f"| {form} | {' | '.join(cells)} |"
        yield ""


def _cell(times: Times, first: Times, repeats: int) -> str:
    if times.error:
        return "refused"
    microseconds = f"{1000 * times.median / repeats:,.0f}"
    if times is first or first.error:
        return microseconds
    ratio = median(a / b for a, b in zip(times.samples, first.samples, strict=True) if b)
    return f"{microseconds} ({ratio:.2g})"


if __name__ == "__main__":
    main()

"""Measures every case in every browser that is given, and writes the table: ``python -m benchmarks.calls BROWSER... -o FILE``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.calls.case import Case, differing
from webnn_graph.errors import ExecutionError
from webnn_graph.modules import modules_of
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.runtimes.timing import Times, timed

SECONDS = 0.2
"""For each form, in turns with the others of its case."""
HEAD = """# What calls cost in browsers

Equal forms of calls differ, by up to a hundred times, and not alike in every version. This is what each costs in Chromium's CPU
backend, in microseconds of one call, and what the conversion's [passes and quirks](architecture.md) go by. Behind each is its
part of the first form. `make calls` writes this page: the forms of a case take turns in one page, so that a busy machine slows all of
them; compare the forms of a case with each other. Short of 10 microseconds much of it is the call itself. `refused` is what the
browser does not build as it stands. What computes something else, and is there for comparison, stands *slanted*; all other forms of a
case are seen to give the same numbers.
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
    """How long a graph of each form takes. Raises `ExecutionError` when two forms give different numbers."""
    graphs = [case.graph(form) for form in case.measured.values()]
    times = timed(session, graphs, seconds=SECONDS * len(graphs))
    check(session, case, [name for name, found in zip(case.measured, times, strict=True) if name in case.forms and not found.error])
    return times


def check(session: BrowserSession, case: Case, names: Sequence[str]) -> None:
    """Raises `ExecutionError` unless the browser computes of each form what NumPy computes of the first."""
    feeds = case.feeds()
    expected = reference.run(case.single(next(iter(case.forms.values()))), feeds)["y"]
    results = session.run_each([(case.single(case.forms[name]), feeds) for name in names], expand=False)
    for result in results:
        if isinstance(result, ExecutionError):
            raise result
    if wrong := differing(expected, {name: result["y"] for name, result in zip(names, results, strict=True)}):
        raise ExecutionError(f"{case.title}: {', '.join(wrong)} does not give the numbers of {next(iter(case.forms))}")


def page(chosen: Sequence[Case], found: Sequence[tuple[str, Sequence[Sequence[Times]]]]) -> Iterator[str]:
    """The page's lines; ``found`` has the version of each browser and the times of each case's forms."""
    yield HEAD
    for i, case in enumerate(chosen):
        yield f"## {case.title[0].upper()}{case.title[1:]}\n"
        given = " and ".join(str(list(shape)) for shape in dict.fromkeys(case.inputs))
        yield f"| on {given} | {' | '.join(version for version, _ in found)} |"
        yield f"| --- {'| ---: ' * len(found)}|"
        for j, form in enumerate(case.measured):
            cells = [_cell(times[i][j], times[i][0], case.repeats) for _, times in found]
            yield f"| {form if form in case.forms else f'*{form}*'} | {' | '.join(cells)} |"
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

"""Forms of calls that are measured beside each other: that they give the same numbers, and that it is noticed when they do not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.calls.__main__ import all_cases, check, page
from benchmarks.calls.case import Case, differing
from webnn_graph.errors import ExecutionError
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.runtimes.timing import Times

CASES = all_cases()
WRONG = Case("twice", [(2, 3)], {"add": lambda b, x: b.add(x, x), "mul": lambda b, x: b.mul(x, 2.0), "square": lambda b, x: b.mul(x, x)})


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_all_forms_give_the_same_numbers(case: Case) -> None:
    results = {name: reference.run(case.single(form), case.feeds())["y"] for name, form in case.forms.items()}
    assert differing(next(iter(results.values())), results) == []


def test_what_differs_is_named() -> None:
    expected = np.array([1.0, np.nan, np.inf])
    found = {"same": expected[:, None], "less": expected[:2], "other": expected + [1e-2, 0, 0], "near": expected + [1e-5, 0, 0]}
    assert differing(expected, found) == ["less", "other"]


@pytest.mark.browser
def test_a_browser_that_gives_other_numbers_stops_it(browser: BrowserSession) -> None:
    check(browser, WRONG, ["add", "mul"])
    with pytest.raises(ExecutionError, match="twice: square does not give the numbers of add"):
        check(browser, WRONG, ["add", "mul", "square"])


def test_the_page_tells_equal_forms_from_others() -> None:
    case = Case("twice", [(2, 3)], {"add": lambda b, x: b.add(x, x)}, {"square": lambda b, x: b.mul(x, x)})
    lines = list(page([case], [("153", [[Times([0.006]), Times([0.012])]])]))
    assert lines[-3:] == ["| add | 1 |", "| *square* | 2 (2) |", ""]

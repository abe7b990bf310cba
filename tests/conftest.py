"""The browsers that the tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.browser.pages import without
from tests.everywhere.browsers import BROWSERS, Visitor, started
from webnn_graph.errors import RuntimeUnavailable
from webnn_graph.runtimes.browser import BrowserSession

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell; programs that tests start would ignore it, too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserSession]:
    session = BrowserSession(timeout=60)
    try:
        session.__enter__()
    except RuntimeUnavailable as unavailable:
        without(unavailable)
    yield session
    session.__exit__(None, None, None)


@pytest.fixture(scope="session")
def visitors() -> Iterator[Callable[[str], Visitor]]:
    """Browsers by their names, each started when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(started(name)))


@pytest.fixture(params=BROWSERS)
def anywhere(request: pytest.FixtureRequest, visitors: Callable[[str], Visitor]) -> Visitor:
    """Each browser; ``@pytest.mark.parametrize("anywhere", ["firefox", "webkit"], indirect=True)`` takes some.

    It is no fixture of the session, by whose parameters pytest would order the tests of all modules: what a module makes once for all
    browsers would be made for each.
    """
    try:
        return visitors(request.param)
    except RuntimeUnavailable as unavailable:
        without(unavailable, BROWSERS[request.param].variable)

"""The browsers that the tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack

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


@pytest.fixture(scope="session", params=BROWSERS)
def anywhere(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Each browser; ``@pytest.mark.parametrize("anywhere", ["firefox", "webkit"], indirect=True)`` takes some."""
    with ExitStack() as stack:
        try:
            visitor = stack.enter_context(started(request.param))
        except RuntimeUnavailable as unavailable:
            without(unavailable, BROWSERS[request.param].variable)
        yield visitor

"""The browser that the tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.browser.pages import without
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

"""The browser that the rows and the vectors of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from webnn_graph.errors import RuntimeUnavailable
from webnn_graph.runtimes.browser import BrowserSession


@pytest.fixture(scope="module")
def session() -> Iterator[BrowserSession]:
    try:
        with BrowserSession() as session:
            yield session
    except RuntimeUnavailable as error:
        pytest.skip(str(error))

"""The index of what handlers share."""

from __future__ import annotations

from tests.frontends import index


def test_the_index_is_what_is_there() -> None:
    assert index.FILE.read_text("utf-8") == index.text(), "python -m tests.frontends.index writes it anew"


def test_every_function_says_what_it_gives() -> None:
    assert "|  |" not in index.text()

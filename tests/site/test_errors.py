"""Every code of an error is explained, and its example is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.errors import EXAMPLES, page, prepare, provoke
from tests.site.running import DOCS
from webnn_graph.codes import Code


def test_every_code_has_an_example() -> None:
    assert list(EXAMPLES) == list(Code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("errors")
    prepare(folder)
    return folder


@pytest.mark.parametrize("code", Code)
def test_the_example_causes_the_error(code: Code, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    caused, shown = provoke(EXAMPLES[code])
    assert caused is code
    assert shown.startswith("error: ") or not isinstance(EXAMPLES[code], str)


def test_the_page_is_written(tmp_path: Path) -> None:
    assert (DOCS / "errors.md").read_text("utf-8") == page(tmp_path), "make docs writes docs/errors.md"

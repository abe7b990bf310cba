"""Language models of other kinds than Llama in real browsers: ``python -m tests.everywhere.families`` tries all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import Visitor
from tests.everywhere.site import Site

pytest.importorskip("transformers", reason="transformers is not installed")

from tests.everywhere.families import page, same, write

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
KINDS = ("Mixtral", "Jamba", "RecurrentGemma")
"""Experts that are gathered, recurrent states beside a cache, and in modules."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        for name in KINDS:
            write(name, site)
        yield site


@pytest.mark.parametrize("anywhere", ["chromium-147", "firefox"], indirect=True)
@pytest.mark.parametrize("name", KINDS)
def test_tokens(anywhere: Visitor, site: Site, name: str) -> None:
    made = anywhere.visit(site.page(page(name, anywhere)))
    count, is_right = same(name, made["turns"])
    assert is_right and count > len(made["turns"][0]), "the second turn is compared, too"

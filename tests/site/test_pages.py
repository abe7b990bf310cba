"""Links lead somewhere, and every page can be found."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.site.running import DOCS

ROOT = DOCS.parent
PAGES = sorted((*DOCS.rglob("*.md"), *ROOT.glob("*.md")))
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,4} +(.+)$", re.MULTILINE)


def prose(page: Path) -> str:
    """The text without blocks and spans of code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """The anchors of headings, as GitHub and the site make them."""
    titles = HEADING.findall(FENCE.sub("", page.read_text("utf-8")))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower() for title in titles)
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain}


def broken(page: Path, text: str) -> list[str]:
    """The relative links of a text in the place of a page that lead nowhere."""
    found = []
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, prose(page)) == []


def test_every_extra_is_explained() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "start" / "install.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(extras)


def test_broken_links_are_found() -> None:
    links = "[a](nowhere.md) [b](targets.md#nothing) [c](#nothing) [d](targets.md#the-file) [e](https://www.w3.org)"
    assert broken(DOCS / "formats.md", links) == ["nowhere.md", "targets.md#nothing", "#nothing"]


def test_every_page_is_in_the_navigation() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    listed = [line for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", index, re.DOTALL | re.MULTILINE) for line in tree.splitlines()]
    named = sorted(line for line in listed if line and not line.startswith(":"))
    pages = sorted(str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md") if page.name != "index.md")
    assert named == pages

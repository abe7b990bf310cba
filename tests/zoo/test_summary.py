"""The summary of a run in Markdown: what it says, how long it is, and that what strangers wrote stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from models.zoo.changes import Change, Kind, changes
from models.zoo.report import Computation, Conversion, Report, Row, Verdict
from models.zoo.summary import markdown
from tests.zoo.reports import HOSTILE, hostile, report
from webnn_graph.wording import one_line

reader = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed; rich brings it").MarkdownIt


class Elements(HTMLParser):
    """The cells of a page, and which elements it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.cells: list[str] = []
        self.is_in_cell = False
        self.feed(reader("commonmark").enable(["table", "strikethrough"]).render(text))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)
        self.is_in_cell = tag in ("td", "th")
        if self.is_in_cell:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.is_in_cell &= tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.is_in_cell:
            self.cells[-1] += data


def test_it_says_what_is_not_as_expected() -> None:
    made = report(70)
    text = markdown(made)
    assert text.startswith(f"## {70 - len(made.unexpected)} of 70 models as expected\n")
    cells = Elements(text).cells
    assert cells[:3] == ["", "ok", "noise"]
    assert cells[cells.index("all") + 1] == str(sum(row.verdict is Verdict.OK for row in made.rows))
    first, *_ = made.unexpected
    assert first.name in cells
    assert cells[cells.index("operator") + 2] == next(iter(made.blocking()))


def test_nothing_is_said_of_what_there_is_not() -> None:
    row = Row("a", Verdict.OK, True, "", Conversion(Verdict.OK))
    text = markdown(Report("1", "", {}, {"reference": "", "browser": "2"}, "", 60.0, [row]))
    assert text.startswith("## 1 of 1 model as expected\n\nwebnn-convert 1, reference, browser 2, each runtime's own target, 1.0 min\n")
    assert "###" not in text


@pytest.mark.parametrize("count", [0, 70, 700])
def test_it_is_short_however_many_models_there_are(count: int) -> None:
    made = report(count)
    assert len(markdown(made, changes(report(count, seed=1), made)).splitlines()) <= 60


def test_changes_are_counted_and_the_worst_come_first() -> None:
    found = [Change("a", Kind.WORSE, "browser", "ok", "crashed"), *[Change(f"b{place}", Kind.FASTER) for place in range(20)]]
    text = markdown(report(5), found)
    assert "### Changes: 1 worse, 20 faster\n" in text
    assert "| worse | a | browser | ok | crashed |" in text
    assert "\nand 12 more" in text


@pytest.mark.parametrize("text", [*HOSTILE, "[a](http://b)", "www.c.com/d", "**e** __f__ ~~g~~ <h>", "http://i.j", "&amp;", "a|b", "\\|"])
def test_what_strangers_wrote_is_text(text: str) -> None:
    conversion = Conversion(Verdict.OK, blocking=[text])
    rows = [Row(text, Verdict.FAILED, False, text, conversion, {text: Computation(Verdict.FAILED, False, text)})] * 2
    found = [Change(text, Kind.WORSE, text, text, text)]
    summary = markdown(replace(hostile(), rows=rows, runtimes={text: text}, target=text), found)
    elements = Elements(summary)
    assert elements.names == {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td"}
    shown = one_line(text, 160)
    assert elements.cells.count(shown) == 1 + 2 * 3 + 4 + 1, "a runtime; models, where, messages; a change; an operator"
    assert not re.search(r"www\.[^ ]|://|(?<!&)#\d", summary), "GitHub makes links of these even where Markdown does not"

"""A run's page: what it holds, and what a person sees and does with it in a browser."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import broken_rules
from models.zoo.changes import Change, Kind, changes
from models.zoo.page import page
from models.zoo.report import Computation, Conversion, Report, Row, Verdict
from tests.browser.pages import Tabs, launched
from tests.examples.conftest import needs_axe
from tests.view.graphs import Page
from tests.zoo.reports import HOSTILE, hostile, report
from webnn_graph.wording import harmless

MADE = report(70)
BEFORE = report(70, seed=1)
FOUND = changes(BEFORE, MADE)
DESKTOP, PHONE = 1280, 390
Open = Callable[..., Any]


# -------------------------------------------------------------------------------------------------------- what a page holds
def test_a_page_needs_nothing_else() -> None:
    found = Page(page(MADE, FOUND))
    assert [address for address in found.loads if not address.startswith("#")] == []
    (script,) = found.scripts["module"]
    assert found.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert b64encode(sha256(script.encode()).digest()).decode() in found.policy
    assert not re.search(r"\bimport\b .*from|^export ", script, re.MULTILINE)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(|XMLHttp", script)


def test_what_strangers_wrote_cannot_end_its_element() -> None:
    text = page(hostile(), [Change(name, Kind.WORSE, name, name, name) for name in HOSTILE])
    assert {kind: len(scripts) for kind, scripts in Page(text).scripts.items()} == {"application/json": 1, "module": 1}
    assert text.count("</script>") == 2


def unpacked(columns: dict[str, Any], name: str) -> list[Any]:
    """A column's values."""
    column = columns[name]
    return column if isinstance(column, list) else [column["of"][place] for place in column["at"]]


def test_columns_hold_what_the_report_says() -> None:
    data = Page(page(MADE, FOUND)).data
    assert unpacked(data["rows"], "name") == [row.name for row in MADE.rows]
    assert [bool(value) for value in unpacked(data["rows"], "expected")] == [row.expected for row in MADE.rows]
    assert unpacked(data["conversions"], "operators") == [row.conversion.operators for row in MADE.rows]
    browser = unpacked(data["runtimes"][1]["rows"], "relative")
    for value, row in zip(browser, MADE.rows, strict=True):
        computed = row.runtimes.get("browser")
        assert value == (pytest.approx(computed.relative, rel=1e-3) if computed and computed.relative is not None else None)
    assert any(value == 0 for value in browser), "nothing and no difference are not the same"
    assert unpacked(data["changes"]["rows"], "kind") == [change.kind for change in FOUND]


def test_numbers_that_json_lacks_are_left_out() -> None:
    computed = Computation(Verdict.DIFFERS, relative=float("inf"), tolerance=float("nan"))
    data = Page(page(replace(MADE, rows=[Row("a", Verdict.DIFFERS, True, "", Conversion(Verdict.OK), {"browser": computed})]))).data
    assert not {"relative", "tolerance"} & data["runtimes"][1]["rows"].keys()
    json.dumps(data, allow_nan=False)


PICTURES = {
    "graphs/yolo.html": True,
    "graphs/größe v1.2+b.html": True,
    "yolo.html": True,
    "": False,
    "/etc/passwd.html": False,
    "//example.org/a.html": False,
    "../a.html": False,
    "graphs/../../a.html": False,
    "graphs/./a.html": False,
    "graphs//a.html": False,
    "graphs\\a.html": False,
    "javascript:alert(1)//.html": False,
    "https://example.org/a.html": False,
    "a.html?b": False,
    "a.html#b": False,
    "%2e%2e/a.html": False,
    "a.svg": False,
    "a.html\n": False,
}


@pytest.mark.parametrize(("picture", "is_linked"), PICTURES.items())
def test_pictures_lie_below_the_report(picture: str, is_linked: bool) -> None:
    row = replace(MADE.rows[0], picture=picture)
    columns = Page(page(replace(MADE, rows=[row]))).data["rows"]
    assert (unpacked(columns, "picture") if "picture" in columns else []) == ([picture] if is_linked else [])


# ------------------------------------------------------------------------------------------------------------ in a browser
pytest_browser = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def tabs(chromium: Any, tmp_path: Path) -> Iterator[Tabs]:
    """Opens pages; in the end there must have been no error and no request but for the page itself."""
    tabs = Tabs(chromium, tmp_path, "#overview .lead")
    yield tabs
    tabs.close()


def names(tab: Any) -> list[str]:
    """The models that are drawn, in their order."""
    return tab.eval_on_selector_all("#table .body .row .name a", "links => links.map((link) => link.textContent)")


def fits(tab: Any) -> bool:
    return bool(tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


@pytest_browser
def test_headers_sort(tabs: Tabs) -> None:
    tab = tabs.open(page(MADE))
    known = [row for row in MADE.rows if row.conversion.weight_bytes is not None]
    largest = [row.name for row in sorted(known, key=lambda row: row.conversion.weight_bytes or 0, reverse=True)]
    unexpected = [row.name for row in sorted(MADE.rows, key=lambda row: row.expected)]
    button = tab.get_by_role("columnheader", name="graph weights").get_by_role("button")
    orders = [("descending", largest), ("ascending", largest[::-1]), ("none", unexpected)]
    assert names(tab)[:12] == unexpected[:12]
    for order, expected in orders:
        button.click()
        assert tab.get_by_role("columnheader", name="graph weights").get_attribute("aria-sort") == order
        assert names(tab)[:12] == expected[:12]


@pytest_browser
def test_words_and_verdicts_are_sorted_by_their_own_order(tabs: Tabs) -> None:
    tab = tabs.open(page(MADE), asks="#sort=name")
    assert (
        names(tab)[:12] == sorted((row.name for row in MADE.rows), key=lambda name: [*name.split("_")[:-1], int(name.split("_")[-1])])[:12]
    )
    tab = tabs.open(page(MADE), asks="#sort=-verdict")
    assert names(tab)[:12] == [row.name for row in sorted(MADE.rows, key=lambda row: -row.verdict.rank)][:12]


def is_differing(row: Row) -> bool:
    return any(name == "browser" and computed.verdict is Verdict.DIFFERS for name, computed in row.runtimes.items())


CHANGED = {change.model for change in FOUND if change.kind is Kind.SLOWER}
FILTERS: dict[str, Callable[[Row], bool]] = {
    "text=topk": lambda row: "TopK" in row.conversion.blocking or "TopK" in row.conversion.message,
    "text=YOLO+layout": lambda row: "yolo" in row.name and row.task == "layout",
    "verdict=refused": lambda row: row.verdict is Verdict.REFUSED,
    "verdict=differs&runtime=browser": is_differing,
    "verdict=memory&runtime=conversion": lambda row: row.conversion.verdict is Verdict.MEMORY,
    "runtime=rustnn": lambda row: "rustnn" in row.runtimes,
    "label=tag+audio": lambda row: "audio" in row.tags,
    "label=task+speech": lambda row: row.task == "speech",
    "operator=Loop": lambda row: "Loop" in row.conversion.blocking,
    "unexpected=1": lambda row: not row.expected,
    "change=slower": lambda row: row.name in CHANGED,
    "text=nothing+like+this": lambda row: False,
}


@pytest_browser
def test_addresses_filter(tabs: Tabs) -> None:
    tab = tabs.open(page(MADE, FOUND))
    for asked, passes in FILTERS.items():
        expected = [row.name for row in MADE.rows if passes(row)]
        tab.evaluate(
            "asked => new Promise((done) => { addEventListener('hashchange', () => done(), { once: true }); location.hash = asked; })",
            asked,
        )
        assert set(names(tab)) <= set(expected), asked
        assert tab.inner_text("#count") == f"{len(expected)} of 70 models", asked
        assert tab.get_attribute("#table", "aria-rowcount") == str(len(expected) + 1)
        assert tab.is_visible("#none") == (not expected)


@pytest_browser
def test_filters_are_in_the_address(tabs: Tabs) -> None:
    text = page(MADE, FOUND)
    tab = tabs.open(text)
    tab.keyboard.press("/")
    tab.keyboard.type("yolo")
    tab.select_option("#filter-runtime", "browser")
    tab.select_option("#filter-verdict", "ok")
    tab.check("#filter-unexpected")
    tab.get_by_role("button", name="total time").click()
    expected = [
        row for row in MADE.rows if not row.expected and "browser" in row.runtimes and row.runtimes["browser"].verdict is Verdict.OK
    ]
    seen = names(tab)
    assert seen == [row.name for row in sorted(expected, key=lambda row: -(row.seconds or 0)) if "yolo" in row.name]
    again = tabs.open(text, asks=tab.evaluate("location.hash"))
    assert names(again) == seen
    assert again.input_value("#filter-text") == "yolo"
    assert again.is_checked("#filter-unexpected")
    again.click("#clear")
    assert again.inner_text("#count") == "70 models"


@pytest_browser
def test_only_what_is_seen_is_drawn(tabs: Tabs) -> None:
    count = 2000
    tab = tabs.open(page(report(count)), asks="#sort=-seconds")
    assert tab.get_attribute("#table", "aria-rowcount") == str(count + 1)
    tab.locator("#table .body .name a").first.focus()
    for key, row in (("End", count), ("PageUp", None), ("Home", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        tab.keyboard.press(key)
        assert len(names(tab)) < 100
        at = int(tab.evaluate("document.activeElement.closest('.row').ariaRowIndex")) - 1
        assert row in (None, at)
        assert tab.evaluate("(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.activeElement.getBoundingClientRect())")
    tab.mouse.wheel(0, 20_000)
    tab.wait_for_function("() => document.elementFromPoint(640, 400)?.closest('.row')?.ariaRowIndex > 600")
    drawn = tab.eval_on_selector_all("#table .body .row", "rows => rows.map((row) => Number(row.ariaRowIndex))")
    assert drawn == sorted(drawn), "the order of the rows is that in which they are read"
    assert len(drawn) < 100
    scrolled = tab.evaluate("scrollY")
    tab.locator("#table .body .name a").nth(30).evaluate("link => link.click()")
    tab.wait_for_selector("#model")
    tab.click("#back")
    tab.wait_for_selector("#table")
    assert abs(tab.evaluate("scrollY") - scrolled) < 5


@pytest_browser
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_model_has_a_view_of_its_own(width: int, tabs: Tabs) -> None:
    row = next(row for row in MADE.rows if row.verdict is Verdict.REFUSED)
    tab = tabs.open(page(MADE, FOUND), width=width, asks="#verdict=refused&sort=name")
    tab.locator("#table").get_by_role("link", name=row.name, exact=True).focus()
    tab.keyboard.press("Enter")
    assert tab.inner_text("#about h2") == row.name
    assert tab.evaluate("document.activeElement.localName") == "h2"
    shown = tab.inner_text("#about")
    for text in (row.conversion.message, row.sha256, row.source, *row.conversion.blocking):
        assert text in shown
    assert tab.locator("#about .changes li").count() == sum(change.model == row.name for change in FOUND)
    assert fits(tab)
    tab.click("#back")
    tab.wait_for_selector("#table")
    assert tab.evaluate("location.hash") == "#verdict=refused&sort=name"
    assert tab.is_hidden("#model")


@pytest_browser
def test_the_command_is_copied(tabs: Tabs) -> None:
    name = "it's $(a) model"
    made = replace(MADE, rows=[replace(MADE.rows[0], name=name)], runtimes={"reference": "", "browser": "147"})
    tab = tabs.open(page(made), asks="#model/it's%20$(a)%20model")
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.get_by_role("button", name="Copy").click()
    tab.wait_for_selector("text=The command is copied.")
    words = shlex.split(tab.evaluate("navigator.clipboard.readText()"))
    assert words == ["webnn", "zoo", "run", name, "--zoo", "own zoo.toml", "--runtime", "reference,browser", "--target", "portable"]


@pytest_browser
def test_a_graph_is_shown_when_asked_for(tabs: Tabs, tmp_path: Path) -> None:
    picture = tmp_path / "graphs" / "größe 1.html"
    picture.parent.mkdir()
    picture.write_text(
        "<meta charset=utf-8><p>a graph<script>try { parent.document } catch { document.querySelector('p').append(', apart') }</script>",
        "utf-8",
    )
    tab = tabs.open(page(replace(MADE, rows=[replace(MADE.rows[0], name="a", picture="graphs/größe 1.html")])), asks="#model/a")
    tabs.allowed.add(picture.as_uri())
    assert tab.locator("iframe").count() == 0
    tab.get_by_role("button", name="Show it here").click()
    assert tab.get_attribute("iframe", "sandbox") == "allow-scripts"
    tab.frame_locator("iframe").get_by_text("a graph, apart").wait_for()
    assert tab.get_by_role("link", name="On a page of its own").get_attribute("href") == "graphs/gr%C3%B6%C3%9Fe%201.html"


@pytest_browser
def test_the_overview_says_what_matters(tabs: Tabs) -> None:
    tab = tabs.open(page(MADE, FOUND))
    overview = tab.inner_text("#overview")
    right = 70 - len(MADE.unexpected)
    assert tab.inner_text(".lead").startswith(f"{right} of 70 models as expected")
    assert "14 Mar 2026, 03:12 UTC" in overview
    assert all(version in overview for version in MADE.runtimes.values())
    operator, blocked = next(iter(MADE.blocking().items()))
    assert tab.locator(".lists section", has_text="Operators that block").locator("li").first.inner_text().startswith(operator)
    assert f"{len(blocked)} models" in overview
    tab.get_by_role("link", name=f"{70 - right} not").click()
    tab.wait_for_selector(f"#count:text('{70 - right} of 70 models')")
    charts = tab.locator("figure svg[role=img]")
    assert charts.count() == 3 + 4 + 2 + 2
    median = sorted(row.conversion.operators for row in MADE.rows if row.conversion.operators is not None)
    assert f"the median is {median[len(median) // 2]}," in (charts.last.get_attribute("aria-label") or "")


RULES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""Themes differ in nothing but colours."""
EACH = replace(MADE, rows=[next(row for row in MADE.rows if row.verdict is verdict) for verdict in Verdict])
"""A model of each verdict: what is there once is checked as well as what is there often."""


@pytest_browser
@needs_axe
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(theme: str, width: int, tabs: Tabs) -> None:
    last = EACH.rows[-1].name
    tab = tabs.open(page(EACH, [change for change in FOUND if change.model == last]), width=width, theme=theme)
    for view, heading in (("", "Models"), (f"model/{last}", last)):
        tab.evaluate("view => { location.hash = view; }", view)
        tab.get_by_role("heading", name=heading, exact=True).wait_for()
        assert broken_rules(tab, RULES[theme]) == []


@pytest_browser
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_strangers_wrote_is_text(width: int, tabs: Tabs) -> None:
    made = hostile()
    tab = tabs.open(page(made, [Change(name, Kind.WORSE, name, name, name) for name in HOSTILE]), width=width)
    assert len(names(tab)) == len(HOSTILE)
    assert tab.locator("img, iframe, a[href^=javascript]").count() == 0
    assert fits(tab)
    for name in HOSTILE:
        tab.evaluate("name => { location.hash = `model/${encodeURIComponent(name)}`; }", harmless(name))
        tab.wait_for_function("name => document.querySelector('#about h2')?.textContent.startsWith(name)", arg=harmless(name)[:300])
        assert harmless(name).replace("\n", " ") in tab.inner_text("#about").replace("\n", " ")
        assert fits(tab)
        assert tab.get_by_role("button", name="Show it here").count() == 0
        assert tab.locator(".command").count() == (harmless(name) == name.replace("\n", ""))
    assert tab.locator("img, iframe, a[href^=javascript]").count() == 0


@pytest_browser
@pytest.mark.parametrize("width", [DESKTOP, 800, PHONE])
@pytest.mark.parametrize(
    "made", [MADE, report(0), replace(report(1), runtimes={}, rows=[Row("a", Verdict.OK, True, "", Conversion(Verdict.OK))])]
)
def test_it_fits_the_window(width: int, made: Report, tabs: Tabs) -> None:
    tab = tabs.open(page(made), width=width)
    assert fits(tab)
    assert len(names(tab)) == len(made.rows) or len(made.rows) > 10

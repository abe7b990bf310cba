"""The page in a browser: what a person sees and does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages import Tabs, launched
from tests.view.graphs import chain
from webnn_graph.diff import diff
from webnn_graph.graph import Graph
from webnn_graph.view import Mark, Overlay, diff_page, page

pytest.importorskip("fast_sugiyama", reason="fast-sugiyama is not installed")
pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
LAYERS = chain(*(f"/net/layer.{layer}/{call}" for layer in range(3) for call in range(4)), name=HOSTILE)
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page; in the end there must have been no error and no request but for the page itself."""
    tabs = Tabs(chromium, tmp_path, "#about h2")
    yield tabs.open
    tabs.close()


def heading(tab: Any) -> str:
    return str(tab.inner_text("#about h2"))


def test_names_are_text_and_the_whole_graph_is_described(opened: Open) -> None:
    tab = opened(page(LAYERS))
    assert heading(tab) == HOSTILE
    assert "12" in tab.inner_text("#about dl")
    assert tab.title() == HOSTILE


@pytest.mark.parametrize(("asks", "shown"), [("#b", "cos"), ("#100%", HOSTILE), ("#%E0%A4%A", HOSTILE)])
def test_the_address_names_a_call(asks: str, shown: str, opened: Open) -> None:
    assert heading(opened(page(chain("a", "b", name=HOSTILE)), asks=asks)) == shown


def test_keys_walk_through_the_calls(opened: Open) -> None:
    tab = opened(page(LAYERS))
    seen = []
    for key in ("n", "n", "n", "p"):
        tab.keyboard.press(key)
        seen.append(heading(tab))
    assert seen == ["sin", "cos", "tan", "cos"]
    tab.keyboard.press("Escape")
    assert heading(tab) == HOSTILE


def test_a_call_leads_to_those_around_it(opened: Open) -> None:
    tab = opened(page(LAYERS))
    tab.keyboard.press("n")
    tab.keyboard.press("n")
    tab.click("#about .operand button")
    assert heading(tab) == "sin"
    tab.click("text=What depends on it")
    assert tab.inner_text("#said").startswith("12 operators lit")


def test_search_opens_what_is_closed(opened: Open) -> None:
    tab = opened(page(LAYERS))
    tab.keyboard.press("c")
    tab.keyboard.press("/")
    tab.keyboard.type("tan layer.2 2x3")
    assert tab.inner_text("#found .count") == "2 found"
    tab.keyboard.press("Enter")
    assert heading(tab) == "tan"
    assert "layer.2" in tab.inner_text("#about")


def pixels(tab: Any) -> str:
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return str(tab.evaluate("() => document.querySelector('canvas').toDataURL()"))


def test_groups_open_and_close_and_colours_change(opened: Open) -> None:
    marks = {node.outputs[0].name: Mark(place / 12, "so much") for place, node in enumerate(LAYERS.nodes)}
    tab = opened(page(LAYERS, [Overlay("how much", marks)]))
    seen = [pixels(tab)]
    for act in (
        lambda: tab.keyboard.press("c"),
        lambda: tab.keyboard.press("o"),
        lambda: tab.select_option("#colours", ""),
        lambda: tab.keyboard.press("d"),
        lambda: tab.keyboard.press("ArrowDown"),
        lambda: tab.keyboard.press("+"),
    ):
        act()
        seen.append(pixels(tab))
    assert len(set(seen)) == len(seen)


def test_a_click_selects_and_a_click_on_a_title_closes(opened: Open) -> None:
    tab = opened(page(chain("/a/x", "/a/y", "/b")))
    tab.keyboard.press("0")
    box = tab.locator("canvas").bounding_box()
    middle = box["x"] + box["width"] / 2
    found = set()
    for y in range(int(box["y"]) + 10, int(box["y"] + box["height"]), 24):
        tab.mouse.click(middle, y)
        found.add(heading(tab))
    assert {"sin", "cos", "tan", "x", "y", "a"} <= found


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_window(width: int, opened: Open) -> None:
    tab = opened(page(LAYERS), width=width, height=700)
    if width < 760:
        tab.click("#info")
    assert tab.is_visible("#about h2")
    tab.keyboard.press("n")
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
    box = tab.locator("canvas").bounding_box()
    assert box["width"] >= min(width, 360)
    assert box["height"] > 200


def test_two_versions_lead_to_each_other(opened: Open) -> None:
    before: Graph = chain("a", "b", name="before")
    after: Graph = chain("a", "b", "c", name="after")
    tab = opened(diff_page(before, after, diff(before, after), ("before", "after")))
    tab.keyboard.press("n")
    tab.click("text=In the other graph")
    tab.click("text=What it depends on")
    assert tab.inner_text("#said").startswith("1 operator lit")
    tab.keyboard.press("Escape")
    assert heading(tab) == "after"

"""The page of the examples that finds things in pictures: those that `webnn run` finds, and what its buttons do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import ORT
from tests.cli.conftest import invoke as invoke
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.site import Site
from tests.examples.conftest import Visit, needs_axe, require_accessible
from tests.examples.running import make

pytest.importorskip("PIL", reason="pillow is not installed")

NAME = "11_pictures"
READY = "#choose:enabled"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with its model and what npm installs."""
    folder = tmp_path_factory.mktemp("pictures") / NAME
    make(NAME, folder)
    (folder / "node_modules").symlink_to(ORT.parent)
    return folder


@pytest.fixture
def right(folder: Path, invoke: Callable[..., Any]) -> list[list[str]]:
    """What `webnn run` finds in the example's picture, as the page lists it."""
    result = invoke("webnn", "run", folder / "shapes.webnn", "--image", folder / "picture.png", "--json")
    assert result.exit_code == 0, result.output
    found = [[one["label"], f"{round(100 * one['score'])} %"] for one in json.loads(result.stdout)["objects"]]
    assert {label for label, _ in found} == {"circle", "square", "triangle"}, "what is drawn"
    return found


LISTED = "Array.from(document.querySelectorAll('#answers li'), (row) => Array.from(row.querySelectorAll('span'), (one) => one.textContent))"


def give(page: Any, folder: Path, name: str = "picture.png") -> None:
    """Chooses a file, and waits until the page has said something of it."""
    page.set_input_files("#file", folder / name)
    page.wait_for_function("document.querySelector('#answers li') || !document.getElementById('error').hidden")


def test_a_picture(folder: Path, page_of: Visit, right: list[list[str]]) -> None:
    def look(page: Any) -> None:
        give(page, folder)
        assert page.evaluate(LISTED) == right
        assert page.inner_text("#facts").startswith(f"{len(right)} found in ")
        assert page.inner_text("#facts").endswith(" ms, in a picture of 480 by 480 pixels.")
        assert page.get_attribute("#picture", "aria-label") == f"The picture, with {len(right)} things marked"
        assert page.evaluate("[picture.width, picture.height]") == [480, 480]
        assert page.is_hidden("#error") and page.is_hidden("#empty")
        assert page.inner_text("#status") == "Computed by webnn. It knows circles, squares and triangles."

    page_of(look)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_that_is_dropped_or_pasted(event: str, page_of: Visit, right: list[list[str]]) -> None:
    script = """async (kind) => {
      const given = new DataTransfer();
      given.items.add(new File([await (await fetch("picture.png")).blob()], "picture.png"));
      const how = { bubbles: true, cancelable: true };
      if (kind === "paste") document.dispatchEvent(new ClipboardEvent(kind, { ...how, clipboardData: given }));
      else for (const name of ["dragover", kind]) document.dispatchEvent(new DragEvent(name, { ...how, dataTransfer: given }));
    }"""

    def look(page: Any) -> None:
        page.evaluate(script, event)
        page.wait_for_selector("#answers li")
        assert page.evaluate(LISTED) == right

    page_of(look)


CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const shown = document.createElement("canvas");
  const seen = await createImageBitmap(await (await fetch("picture.png")).blob());
  [shown.width, shown.height] = [seen.width, seen.height];
  const context = shown.getContext("2d");
  setInterval(() => context.drawImage(seen, 0, 0), 30);
  const stream = shown.captureStream();
  [window.track] = stream.getTracks();
  return stream;
};
"""


def test_a_camera_by_keyboard(page_of: Visit, right: list[list[str]]) -> None:
    def look(page: Any) -> None:
        page.focus("#camera")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelectorAll('#answers li').length === 3")
        assert page.inner_text("#camera") == "Stop the camera" and page.is_disabled("#choose")
        assert sorted(label for label, _ in page.evaluate(LISTED)) == sorted(label for label, _ in right)
        page.keyboard.press("Enter")
        page.wait_for_function("window.track.readyState === 'ended'")
        assert page.inner_text("#camera") == "Camera" and page.is_enabled("#choose")

    page_of(look, lambda page: page.add_init_script(CAMERA))


def test_no_camera(folder: Path, page_of: Visit, right: list[list[str]]) -> None:
    refused = "navigator.mediaDevices.getUserMedia = async () => { throw new Error('not allowed'); };"

    def look(page: Any) -> None:
        page.click("#camera")
        page.wait_for_selector("#error:visible")
        assert page.inner_text("#error") == "There is no camera: not allowed"
        assert page.inner_text("#camera") == "Camera" and page.is_enabled("#choose")
        give(page, folder)
        page.wait_for_selector("#answers li")
        assert page.evaluate(LISTED) == right and page.is_hidden("#error")

    page_of(look, lambda page: page.add_init_script(refused))


def test_what_is_no_picture(folder: Path, page_of: Visit, right: list[list[str]]) -> None:
    def look(page: Any) -> None:
        give(page, folder, "labels.txt")
        assert page.inner_text("#error") == "This is no picture that the browser can read."
        page.set_input_files("#file", folder / "picture.png")
        page.wait_for_selector("#answers li")
        assert page.evaluate(LISTED) == right and page.is_hidden("#error")

    page_of(look)


def test_it_says_what_is_missing(served: str, visit: Visit) -> None:
    def look(page: Any) -> None:
        page.wait_for_selector("#error:visible")
        assert "HTTP status 404" in page.inner_text("#error") and page.locator("progress").count() == 0
        assert page.is_disabled("#choose") and page.is_disabled("#camera") and page.inner_text("#status") == ""

    visit(served, look, lambda page: page.route("**/*.safetensors*", lambda route: route.fulfill(status=404)))


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_fits_the_screen(width: int, folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.set_viewport_size({"width": width, "height": 700})
        give(page, folder)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        form = page.locator("#form").bounding_box()
        assert form["y"] + form["height"] <= 700, "the buttons are seen"
        assert page.locator("#answers li").first.bounding_box()["height"] < 60

    page_of(look)


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(theme: str, folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.emulate_media(color_scheme=theme)
        require_accessible(page)
        give(page, folder)
        page.set_input_files("#file", folder / "labels.txt")
        page.wait_for_selector("#error:visible")
        require_accessible(page)

    page_of(look)


# ------------------------------------------------------------------------------------------------------------- without WebNN, too
@pytest.mark.parametrize("anywhere", ENGINES, indirect=True)
def test_without_webnn(anywhere: Visitor, site: Site, right: list[list[str]]) -> None:
    script = """
        const error = document.getElementById("error");
        if (!error.hidden) throw new Error(error.textContent);
        if (document.getElementById("choose").disabled) return undefined;
        if (!window.asked) {
          window.asked = true;
          const given = new DataTransfer();
          given.items.add(new File([await (await fetch("picture.png")).blob()], "picture.png"));
          const field = document.getElementById("file");
          field.files = given.files;
          field.dispatchEvent(new Event("change"));
        }
        return document.querySelector("#answers li") ? LISTED : undefined;
    """
    assert anywhere.visit(f"{site.url}/{NAME}/index.html", script.replace("LISTED", LISTED)) == right

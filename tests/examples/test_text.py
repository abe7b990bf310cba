"""The page of the examples that reads the text of a picture: what `webnn run` reads, and what is drawn there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import ORT
from models.zoo.fetch import fetch
from models.zoo.manifest import select
from tests.cli.conftest import invoke as invoke
from tests.examples.conftest import Visit, needs_axe, require_accessible
from tests.examples.running import FOLDER, make

pytest.importorskip("PIL", reason="pillow is not installed")

NAME = "12_text"
READY = "#choose:enabled"
MODELS = {"ch_PP-OCRv4_det_infer.onnx": "ppocr_det_v4", "ch_PP-OCRv4_rec_infer.onnx": "ppocr_rec_v4"}
pytestmark = [pytest.mark.browser, pytest.mark.zoo]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with its picture and what npm installs."""
    folder = tmp_path_factory.mktemp("text") / NAME
    make(NAME, folder)
    (folder / "node_modules").symlink_to(ORT.parent)
    return folder


@pytest.fixture
def right(folder: Path, invoke: Callable[..., Any]) -> list[dict[str, Any]]:
    """What `webnn run` reads in the example's picture, by the models that the commands of its page convert."""
    if not (folder / "lines.webnn").exists():
        lines = (FOLDER / NAME / "README.md").read_text("utf-8").splitlines()
        for command in (line.split()[1:] for line in lines if line.startswith("$ onnx2webnn")):
            file = folder / command[1]
            shutil.copy(fetch(*select([MODELS[file.name]])), file)
            result = invoke(command[0], file, "-o", folder, *command[4:], "--quiet")
            assert result.exit_code == 0, result.output
    result = invoke(
        "webnn", "run", folder / "lines.webnn", "--image", folder / "page.png", "--recognizer", folder / "reading.webnn", "--json"
    )
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["objects"]
    drawn = [
        "Gardenparty",
        "Saturday,14June,at18:30",
        "Rainorshine",
        "Bringachairandafriend.",
        "Cakeisherealready!",
        "Questions?Call5550123",
    ]
    assert [one["label"].replace(" ", "") for one in found] == drawn
    return found


LISTED = "Array.from(document.querySelectorAll('#answers li'), (row) => Array.from(row.querySelectorAll('span'), (one) => one.textContent))"


def give(page: Any, file: Path) -> None:
    """Chooses a file, and waits until the page has said something of it."""
    page.set_input_files("#file", file)
    page.wait_for_function("document.querySelector('#answers li') || !document.getElementById('error').hidden")


def test_a_page_is_read(right: list[dict[str, Any]], folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        give(page, folder / "page.png")
        assert page.evaluate(LISTED) == [[one["label"], f"{round(100 * one['score'])} %"] for one in right]
        assert page.inner_text("#facts").startswith("6 lines of text in ")
        assert page.get_attribute("#picture", "aria-label") == "The picture, with 6 lines of text marked"
        assert page.inner_text("#status") == "Computed by webnn."
        for one in right:
            (x, y), (end, bottom) = one["corners"][0], one["corners"][2]
            place = [x * 0.97 + end * 0.03, y * 0.97 + bottom * 0.03]
            colour = page.evaluate("([x, y]) => [...picture.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)", place)
            assert colour == [0x1F, 0x5F, 0xD0], one["label"]

    page_of(look)


@needs_axe
def test_it_is_accessible(right: list[dict[str, Any]], folder: Path, page_of: Visit) -> None:
    def look(page: Any) -> None:
        page.set_viewport_size({"width": 360, "height": 700})
        require_accessible(page)
        give(page, folder / "page.png")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.set_input_files("#file", folder / "make_picture.py")
        page.wait_for_selector("#error:visible")
        assert page.inner_text("#error") == "This is no picture that the browser can read."
        require_accessible(page)

    page_of(look)

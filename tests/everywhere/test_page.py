"""The page of a model in real browsers: it answers, with WebNN or by its fallback, or says what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("PIL", reason="pillow is not installed")

from benchmarks.page import ORT
from tests.everywhere.browsers import Visitor
from tests.everywhere.site import Site
from tests.pages.test_page import blue, colours, right, written

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
EVERYWHERE = pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153", "firefox", "webkit"], indirect=True)
ASKED = """
const input = document.querySelector("input[type=file]");
const problem = document.querySelector("#problem");
if (problem && !problem.hidden) return [problem.textContent];
if (!input || window.given) {
  const textOf = (row) => Array.from(row.children, (one) => one.textContent).filter(Boolean).join(" ");
  const rows = Array.from(document.querySelectorAll("#answer li"), textOf);
  const computing = Array.from(document.querySelectorAll("dt")).find((one) => one.textContent === "computed by");
  return rows.length ? [...rows, computing.nextSibling.textContent] : undefined;
}
window.given = fetch("blue.png").then((response) => response.blob()).then((blob) => {
  const data = new DataTransfer();
  data.items.add(new File([blob], "blue.png", { type: "image/png" }));
  input.files = data.files;
  input.dispatchEvent(new Event("change"));
});
"""
"""Chooses the picture once the page is ready, and gives what it says."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    for name, fallback in (("plain", ""), ("everywhere", "ort-web")):
        (folder / name).mkdir()
        blue(written(colours(), folder / name, fallback=fallback))
        (folder / name / "node_modules").symlink_to(ORT.parent)
    with Site(folder) as site:
        yield site


@EVERYWHERE
def test_a_page_answers_everywhere(anywhere: Visitor, site: Site) -> None:
    *rows, backend = anywhere.visit(f"{site.url}/everywhere/index.html", ASKED)
    assert rows == right()
    assert backend == ("WebNN" if anywhere.browser.has_webnn else "ONNX Runtime Web (WebAssembly)")


@pytest.mark.parametrize("anywhere", ["firefox", "webkit"], indirect=True)
def test_a_page_says_that_webnn_is_missing(anywhere: Visitor, site: Site) -> None:
    [said] = anywhere.visit(f"{site.url}/plain/index.html", ASKED)
    assert "This browser has no WebNN" in said and "--fallback ort-web" in said

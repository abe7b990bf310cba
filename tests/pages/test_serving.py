"""The server of pages: what it answers, and whom; and `webnn serve`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import onnx
import pytest
from click.testing import CliRunner

import cli
from benchmarks.pages import served
from converters.commands.opening import Opening
from converters.commands.serving import of_path
from converters.described.given import Given
from converters.joining import joined
from models.zoo.manifest import read
from models.zoo.serving import Gallery
from tests.cli.conftest import linear_model
from tests.examples.conftest import needs_axe, require_accessible
from tests.pages.conftest import Open
from tests.pages.test_page import colours, written
from webnn_graph.formats import save
from webnn_graph.gallery import Entry, gallery, pages_of
from webnn_graph.serving import serving

Ask = Callable[..., HTTPResponse]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pages, and what is none of anyone's business."""
    served = tmp_path / "served"
    for name in ("a", "b & c"):
        (served / name).mkdir(parents=True)
        written(colours(), served / name)
    (served / "a" / ".hidden").write_text("confidential")
    (served / ".git").mkdir()
    (served / ".git" / "index.html").write_text("confidential")
    (tmp_path / "secret.txt").write_text("confidential")
    (served / "link.txt").symlink_to(tmp_path / "secret.txt")
    (served / "out").symlink_to(tmp_path)
    (served / "circle").symlink_to(served / "circle")
    os.mkfifo(served / "pipe")
    return served


@pytest.fixture
def ask(folder: Path) -> Iterator[Ask]:
    """Asks a server of the folder."""
    with served(folder) as address:
        port = urlsplit(address).port

        def run(path: str, method: str = "GET", headers: Mapping[str, str] = {}) -> HTTPResponse:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.putrequest(method, path, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name, value.replace("PORT", str(port)))
            connection.endheaders()
            return connection.getresponse()

        yield run


ANSWERS = {
    "/": (200, "text/html; charset=utf-8"),
    "/a/": (200, "text/html; charset=utf-8"),
    "/a/model.js": (200, "text/javascript"),
    "/a/model.js?v=1": (200, "text/javascript"),
    "/a/model.safetensors": (200, "application/octet-stream"),
    "/b%20%26%20c/": (200, "text/html; charset=utf-8"),
    "/none": (404, ""),
    "/a/none/": (404, ""),
    "/a/../secret.txt": (404, ""),
    "/../secret.txt": (404, ""),
    "/%2e%2e/secret.txt": (404, ""),
    "/a/..%2f..%2fsecret.txt": (404, ""),
    "/..%5csecret.txt": (404, ""),
    "//etc/passwd": (404, ""),
    "/%2fetc/passwd": (404, ""),
    "/C:/x": (404, ""),
    "/a/%00": (404, ""),
    "/a/.hidden": (404, ""),
    "/.git/": (404, ""),
    "/link.txt": (404, ""),
    "/out/secret.txt": (404, ""),
    "/circle": (404, ""),
    "/pipe": (404, ""),
    f"/{'x' * 5000}": (404, ""),
}


@pytest.mark.parametrize(("path", "answer"), ANSWERS.items())
def test_what_is_answered(path: str, answer: tuple[int, str], ask: Ask) -> None:
    status, kind = answer
    response = ask(path)
    assert response.status == status and b"confidential" not in response.read()
    assert not kind or response.headers["Content-Type"] == kind
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_what_is_no_address(ask: Ask) -> None:
    assert ask("http://[/x", headers={"Host": "127.0.0.1:PORT"}).status == 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_not_there_is_said(method: str, ask: Ask) -> None:
    response = ask("/none/%3Cscript%3Ealert(1)%3C/script%3E%ff", method)
    assert (response.status, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    page = response.read().decode()
    assert ("There is nothing at /none/&lt;script&gt;" in page and '<a href="/">' in page and "<script>" not in page) == (method == "GET")


def test_a_folder_gets_its_slash(ask: Ask) -> None:
    response = ask("/b%20%26%20c")
    assert response.status == 301 and response.headers["Location"] == "/b%20%26%20c/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:PORT"}, 200),
        ({"Host": "localhost:PORT"}, 200),
        ({"Host": "evil.test:PORT"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": "127.0.0.1:PORT.evil.test"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_who_is_answered(headers: Mapping[str, str], status: int, ask: Ask) -> None:
    assert ask("/", headers=headers).status == status


def test_other_methods(ask: Ask, folder: Path) -> None:
    head = ask("/a/model.js", "HEAD")
    assert head.status == 200 and not head.read()
    assert int(head.headers["Content-Length"]) == (folder / "a" / "model.js").stat().st_size
    assert ask("/a/model.js", "POST").status == ask("/a/model.js", "PUT").status == 501


def test_no_other_machine_is_answered(folder: Path) -> None:
    with serving(folder, port=0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_default_port_that_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(folder, port=0) as first:
        monkeypatch.setattr("webnn_graph.serving.PORT", first.server_port)
        with serving(folder) as second:
            assert second.server_port != first.server_port


# ----------------------------------------------------------------------------------------------------------------- galleries
def test_a_gallery_of_a_folder(folder: Path) -> None:
    page = pages_of(folder)("/")
    assert page is not None and 'href="a/"' in page and 'href="b%20%26%20c/"' in page and ">b &amp; c</a>" in page
    assert ".git" not in page and "out/" not in page.split("<main>")[1]


@pytest.mark.parametrize(("more", "is_told"), [(0, True), (2**20, False)])
def test_a_gallery_reads_no_large_pages(more: int, is_told: bool, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<script id="about" type="application/json">{"purpose": "says it"}</script>' + " " * more)
    page = pages_of(tmp_path)("/")
    assert page is not None and 'href="a/"' in page and ("says it" in page) == is_told


@pytest.mark.browser
@needs_axe
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_a_gallery_in_a_browser(width: int, theme: str, folder: Path, open_folder: Open) -> None:
    page = open_folder(folder, width, theme, ready="#models a")
    require_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.fill("#search", "b c")
    assert page.locator("#models li:visible").all_inner_texts() == ["b & c"]
    page.fill("#search", "d")
    assert page.inner_text("#none") == "None is like this."
    page.fill("#search", "")
    page.click("text=b & c")
    page.wait_for_selector("h1 >> text=colours")


@pytest.mark.browser
@needs_axe
def test_what_is_not_there_in_a_browser(chrome: Any, folder: Path) -> None:
    with served(folder) as address:
        page = chrome.new_page(viewport={"width": 360, "height": 800}, color_scheme="dark")
        page.goto(f"{address}a/none.html")
        require_accessible(page)
        page.click("a")
        page.wait_for_selector("#models a")
        page.close()


@pytest.mark.browser
def test_a_license_is_not_broken(chrome: Any) -> None:
    """At its hyphen, as browsers like to."""
    page = chrome.new_page(viewport={"width": 300, "height": 800})
    page.set_content(gallery("Models", [Entry("a", "x" * length, "Apache-2.0") for length in range(1, 40)]))
    assert set(page.evaluate("Array.from(document.querySelectorAll('li span'), (one) => one.getClientRects().length)")) == {1}
    assert len(set(page.evaluate("Array.from(document.querySelectorAll('li span'), (one) => one.offsetHeight)"))) == 1
    page.close()


@pytest.mark.browser
def test_modules_without_a_page_get_one(open_folder: Open, tmp_path: Path) -> None:
    save(colours(), tmp_path / "model.js")
    (tmp_path / "other.js").write_text("")
    page = open_folder(tmp_path)
    assert page.inner_text("h1") == "model" and page.inner_text("#hint").startswith("Choose a picture")


ZOO = """
[linear]
source = "file:linear.onnx"
task = "<b>sums</b>"
[broken]
source = "file:broken.onnx"
[far]
source = "pypi:nothing-at-all==1.0"
file = "model.onnx"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
"""


@pytest.fixture
def zoo(tmp_path: Path) -> Gallery:
    onnx.save(linear_model(batch=2), tmp_path / "linear.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    (tmp_path / "zoo.toml").write_text(ZOO)
    (tmp_path / "made").mkdir()
    return Gallery(read(tmp_path / "zoo.toml"), tmp_path / "made")


def test_a_model_of_the_zoo_is_converted_when_it_is_opened(zoo: Gallery) -> None:
    listed = zoo.page("/")
    assert listed is not None and 'href="linear/"' in listed and "&lt;b&gt;sums" in listed
    assert 'href="far/"' not in listed and "webnn zoo fetch far" in listed
    assert zoo.page("/linear") is None and zoo.page("/linear/linear.js") is None and not list(zoo.folder.iterdir())
    assert zoo.page("/linear/") is None
    assert {"index.html", "linear.js", "linear.safetensors"} <= {file.name for file in (zoo.folder / "linear").iterdir()}


def test_what_cannot_be_opened_of_the_zoo(zoo: Gallery) -> None:
    assert "webnn zoo fetch far" in str(zoo.page("/far/")) and zoo.page("/none/") is None
    problem = zoo.page("/broken/")
    assert problem is not None and "broken.onnx" in problem and 'role="alert"' in problem and "Traceback" not in problem
    assert zoo.page("/broken/") == problem


# ------------------------------------------------------------------------------------------------------------- the command
def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "webnn_graph", "serve", *map(str, arguments), "--no-open", "--port", "0", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def stopped(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Presses Ctrl-C, which reaches a command and its child."""
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    return process.returncode, said


@pytest.mark.parametrize("what", ["folder", "model", "graph"])
def test_the_command_serves_until_it_is_interrupted(what: str, folder: Path, tmp_path: Path) -> None:
    onnx.save(linear_model(batch=2), tmp_path / "model.onnx")
    save(colours(), tmp_path / "graph.webnn")
    process = started({"folder": folder, "model": tmp_path / "model.onnx", "graph": tmp_path / "graph.webnn"}[what])
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["address"]
    port = int(address.rpartition(":")[2].strip("/"))
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    content = connection.getresponse().read()
    connection.close()
    assert (b'"task":"./graph.task.js"' in content) == (what == "graph")
    assert (b'id="models"' in content) == (what == "folder")
    assert stopped(process) == (0, "")


def test_a_server_that_is_told_to_end_ends_with_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    save(colours(), tmp_path / "graph.webnn")
    process = started(tmp_path / "graph.webnn")
    assert process.stdout is not None and process.stdout.readline()
    assert [path.name[:6] for path in temporary.iterdir()] == ["webnn-"]
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said, list(temporary.iterdir())) == (0, "", [])


def invoked(*arguments: object) -> Any:
    return CliRunner().invoke(cli.webnn, ["serve", *map(str, arguments), "--no-open"])


def test_a_model_is_served_with_steps_that_are_joined_to_it(tmp_path: Path) -> None:
    save(colours(), tmp_path / "graph.webnn")
    with of_path(tmp_path / "graph.webnn", Opening(), Given(), partial(joined, preprocessing=True), {}) as served:
        assert '"x", dataType: "uint8", shape: [1, 8, 8, 4]' in (served.folder / "graph.js").read_text("utf-8")


def test_what_cannot_be_served(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = invoked(empty)
    assert result.exit_code == 1 and "has no page and no module" in result.stderr and "--format page" in result.stderr
    for options in (["--dim", "n=1"], ["--with-preprocessing"]):
        result = invoked(folder, *options)
        assert result.exit_code == 1 and "is served as it is" in result.stderr
    result = invoked(tmp_path / "none.onnx")
    assert result.exit_code == 1 and "there is no such file" in result.stderr
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = invoked(folder, "--port", other.getsockname()[1])
    assert result.exit_code == 1 and result.stderr.startswith("error: cannot serve at port")

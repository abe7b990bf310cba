"""The tests with rustnn in another Python, where this one has no pywebnn: `make test` looks for one and sets it up."""

from __future__ import annotations

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PYTHON = os.environ.get("WEBNN_RUSTNN_PYTHON", "")
MARK, ZOO = "mark.rustnn", "mark.zoo"
TEXTS = {path.relative_to(TESTS.parent): path.read_text("utf-8") for path in sorted(TESTS.rglob("test_*.py"))}
FILES = [
    pytest.param(str(path), marks=[pytest.mark.zoo] if ZOO in text else [])
    for path, text in TEXTS.items()
    if MARK in text and path.name != Path(__file__).name
]


@pytest.mark.parametrize("file", FILES)
def test_rustnn(file: str) -> None:
    if find_spec("webnn"):
        pytest.skip("pywebnn is installed, the tests with rustnn run as all others do")
    if not Path(PYTHON).is_file():
        pytest.skip("no Python with pywebnn (set WEBNN_RUSTNN_PYTHON; make test does it where there is Python 3.12)")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [PYTHON, "-m", "pytest", "-m", "rustnn", "-p", "no:cacheprovider", "--quiet", "--quiet", "--tb=short", file]
    done = subprocess.run(command, cwd=TESTS.parent, env=environment, capture_output=True, text=True)
    said = done.stdout[-5000:] + done.stderr[-1000:]
    assert done.returncode == 0, said
    assert "pywebnn is not installed" not in said

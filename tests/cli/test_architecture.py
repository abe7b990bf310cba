"""What docs/architecture.md names is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import cli

ROOT = Path(cli.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
NAMED = re.findall(r"`([\w./]+(?:\.(?:py|js|json|toml|md|j2)|/))`", PAGE)
"""Files and folders in backticks; those below another may be named by the end of their path."""
FOUND = re.findall(r"`(\w+)` \(`([\w/]+\.py)`\)", PAGE)
"""Names with the file that they are in."""


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The paths of all files of the project."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout: there is no list of files")
    return [f"/{path}" for path in listed.stdout.splitlines()]


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_files_and_folders_are_there(name: str, files: list[str]) -> None:
    assert any(f"/{name}" in path if name.endswith("/") else path.endswith(f"/{name}") for path in files)


@pytest.mark.parametrize(("name", "file"), sorted(set(FOUND)))
def test_names_are_in_their_files(name: str, file: str, files: list[str]) -> None:
    (path,) = [path for path in files if path.endswith(f"/{file}")]
    assert re.search(rf"^ *(def|class) {name}\b|^{name}\b.* = ", (ROOT / path[1:]).read_text("utf-8"), re.M)


def test_there_are_journeys() -> None:
    assert len(FOUND) > 40

"""Generated pages are those of the source, and leave nothing out."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from models.zoo.manifest import Model, read
from tests.site import manifest
from tests.site.generated import MODULE, PAGES, PROGRAMS
from tests.site.running import DOCS
from webnn_graph.ops import OPS


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_written(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), f"make docs writes docs/{name}"


def test_every_operator_is_there() -> None:
    page = (DOCS / "webnn-operators.md").read_text("utf-8")
    assert set(re.findall(r"^### \[(\w+)\]", page, re.M)) == set(OPS)


def test_every_export_is_there() -> None:
    page = (DOCS / "reference" / "javascript.md").read_text("utf-8")
    exports = re.findall(r"^export (?:declare )?\w+ (\w+)", MODULE.read_text("utf-8"), re.M)
    assert re.findall(r"^## (\w+)$", page, re.M) == exports
    assert "{{" not in page and "{%" not in page


def test_every_program_is_there() -> None:
    page = (DOCS / "reference" / "commands.md").read_text("utf-8")
    assert {line.split()[1] for line in page.splitlines() if line.startswith("## ")} == set(PROGRAMS)


def test_every_key_of_a_manifest_is_there() -> None:
    assert {key for group in manifest.described() for key in group} == {field.name for field in fields(Model)} - {"name"}


def test_the_example_of_a_manifest_is_one(tmp_path: Path) -> None:
    file = tmp_path / "zoo.toml"
    file.write_text(manifest.page().split("```toml\n")[1].split("```\n")[0])
    assert [model.kind for model in read(file).models.values()] == ["file", "pypi"]

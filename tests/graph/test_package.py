"""What the package shows: names, version, types."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cli
import webnn_graph
from webnn_graph import GraphBuilder, errors, version

ROOT = Path(cli.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("name", webnn_graph.__all__)
def test_every_name_is_there_and_shown(name: str) -> None:
    assert name in dir(webnn_graph)
    assert getattr(webnn_graph, name).__doc__


def test_every_error_is_exported() -> None:
    raised = {name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)}
    assert raised <= set(webnn_graph.__all__)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'webnn_graph' has no attribute 'lod'"):
        webnn_graph.lod  # noqa: B018


def test_the_version_is_the_projects() -> None:
    assert PROJECT["name"] == version.PACKAGE
    assert webnn_graph.__version__ == PROJECT["version"]


def test_a_checkout_that_is_not_installed_has_the_version() -> None:
    """Without site-packages there is no metadata; the module needs nothing else of them."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import webnn_graph; print(webnn_graph.__version__)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == PROJECT["version"]


def test_a_type_checker_finds_types_in_every_package() -> None:
    """`tests/cli/test_imports.py` says that they are in the wheel."""
    for package in ("webnn_graph", "converters", "models"):
        assert (ROOT / package / "py.typed").is_file()


def test_a_target_may_be_said_by_name() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.isNaN(b.input("x", "float32", [2]))})
    assert webnn_graph.check(graph, "chromium").findings
    assert [node.op for node in webnn_graph.legalize(graph, "chromium").nodes] != ["isNaN"]
    with pytest.raises(webnn_graph.FormatError, match="there is no target chromum\nhint: known are"):
        webnn_graph.legalize(graph, "chromum")

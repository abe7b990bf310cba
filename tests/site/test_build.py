"""The site builds without a warning, and loads nothing from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.site.offline import LOADED, loaded
from tests.site.running import DOCS

OPTIONS = "--quiet --fail-on-warning --keep-going".split()


@pytest.mark.skipif(not all(map(find_spec, ("sphinx", "myst_parser", "furo"))), reason="the extra site is not installed")
def test_the_site_builds(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", *OPTIONS, "--doctree-dir", tmp_path / "doctrees", DOCS, site]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(loaded(site)) == []
    assert (site / "webnn-graph.schema.json").is_file()
    reference = (site / "reference" / "python.html").read_text("utf-8")
    assert "Converts an ONNX model." in reference and "webnn_graph.GraphBuilder" in reference


@pytest.mark.parametrize(
    ("html", "is_loaded"),
    [
        ('<script src="https://cdn.example/x.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/css">', True),
        ("body { background: url(https://a.example/b.png) }", True),
        ('<script src="_static/x.js"></script>', False),
        ('<a href="https://www.w3.org/TR/webnn/">', False),
        ('<link rel="canonical" href="https://a.example/">', False),
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(html: str, is_loaded: bool) -> None:
    assert bool(LOADED.search(html)) == is_loaded

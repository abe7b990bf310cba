"""The example for Node.js: what it computes with each package, and what it says where something is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.examples.running import FOLDER, example
from tests.javascript.written import NODE, needs_node
from tests.site.running import rewritten
from webnn_graph import load, run

pytestmark = needs_node
PAGE = FOLDER / "08_node" / "README.md"
PACKAGES = ORT.parent
STAND_IN = Path(__file__).with_name("webnn.mjs")
NUMBERS = np.array([[1, -2, 3, 0.5]], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with its model, and the packages of npm that are installed."""
    folder = tmp_path_factory.mktemp("node")
    with example(PAGE, folder):
        rewritten(PAGE, folder)
    if PACKAGES.is_dir():
        (folder / "node_modules").symlink_to(PACKAGES)
    return folder


def printed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `node example.mjs` says."""
    return subprocess.run([str(NODE), "example.mjs", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


def expected(folder: Path) -> np.ndarray:
    """What the reference computes of the graph that the module was made of."""
    with example(PAGE, folder / "graph"):
        program = (PAGE.parent / "make_model.py").read_text("utf-8").replace('"scores.js", fallback="ort-web"', '"scores.webnn"')
        (folder / "graph" / "make_model.py").write_text(program)
        rewritten(PAGE, folder / "graph")
    return run(load(folder / "graph" / "scores.webnn"), {"numbers": NUMBERS})["scores"]


@pytest.mark.parametrize(
    ("package", "backend"),
    [("onnxruntime-web", "ort-wasm"), ("onnxruntime-node", "ort-cpu"), (STAND_IN.as_uri(), "webnn")],
    ids=["onnxruntime-web", "onnxruntime-node", "a WebNN"],
)
def test_scores(folder: Path, package: str, backend: str) -> None:
    if "/" not in package and not (PACKAGES / package).is_dir():
        pytest.skip(f"{package} is not installed: npm install --prefix {PACKAGES.parent} --ignore-scripts {package}")
    done = printed(folder, package)
    assert done.returncode == 0, done.stderr
    name, _, scores = done.stdout.partition(" ")
    assert name == backend
    np.testing.assert_allclose([json.loads(scores)], expected(folder), rtol=1e-6)


def test_the_page_shows_what_is_computed(folder: Path) -> None:
    (shown,) = (line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("ort-cpu "))
    np.testing.assert_allclose([json.loads(shown.partition(" ")[2])], expected(folder), rtol=1e-6)


def test_a_package_that_is_not_there(folder: Path) -> None:
    done = printed(folder, "not-installed")
    assert (done.returncode, "Cannot find package 'not-installed'" in done.stderr) == (1, True)


def test_a_file_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    without = shutil.copytree(folder, tmp_path / "without", symlinks=True)
    (without / "scores.safetensors").unlink()
    done = printed(without, STAND_IN.as_uri())
    assert done.returncode == 1
    assert f"ModelError: {(without / 'scores.safetensors').as_uri()}: ENOENT: no such file or directory" in done.stderr

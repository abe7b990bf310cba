"""Whose modules are whose, where a user has files that are called like the project's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import cli

ROOT = Path(cli.__file__).parent
NET = """
from converters import width
from models.layers import Layer

class Net(Layer):
    def __init__(self):
        from models.late import bias
        super().__init__(4, width, bias=bias)

    def forward(self, x):
        from models.layers import doubled
        return doubled(super().forward(x))
"""
FILES = {
    "models/__init__.py": "",
    "models/net.py": NET,
    "models/layers.py": "from torch.nn import Linear as Layer\ndef doubled(x): return x * 2",
    "models/late.py": "bias = False",
    "converters/__init__.py": "width = 3",
    "converters/onnx.py": "raise SystemExit('the converters of the user')",
    "cli.py": "raise SystemExit('the cli of the user')",
    "templates/__init__.py": "raise SystemExit('the templates of the user')",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([".", str(ROOT)])}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_a_users_files_are_not_in_the_way(folder: Path) -> None:
    done = run(folder, "-m", "webnn_graph", "zoo", "list", "magika_v3_3", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["models"][0]["name"] == "magika_v3_3"


def test_a_users_model_is_found(folder: Path) -> None:
    torch.save({"weight": torch.ones(3, 4)}, folder / "net.pt")
    program = "from webnn_graph.programs import torch2webnn; torch2webnn()"
    options = ("net.pt", "--model", "models.net:Net", "--input", "x:float32[2,4]", "--format", "js,json", "--verify", "--json")
    done = run(folder, "-c", program, *options)
    assert done.returncode == 0, done.stderr
    (graph,) = json.loads(done.stdout)["graphs"]
    assert graph["outputs"][0]["shape"] == [2, 3]
    assert "async function" in (folder / "net.js").read_text()


INTERRUPTED = """
import os, signal, sys
class Pressing:
    def find_spec(name, path=None, target=None):
        if name == "click": os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Pressing)
from webnn_graph.programs import webnn
"""


def test_ctrl_c_while_modules_are_imported_shows_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")

"""Imports run one way, and heavy packages are loaded only when they are needed."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import cli
from webnn_graph import GraphBuilder, save

ROOT = Path(cli.__file__).parent
FORBIDDEN = {
    "webnn_graph": {"click", "rich", "converters", "models", "cli", "tests"},
    "converters": {"models", "cli", "tests"},
    "models": {"rich", "cli", "tests"},
}
ONNX, TORCH, GENERATED = "converters/onnx/", "converters/torch/", "models/generate.py"
MADE = "models/architectures.py"
ZOO = "models/zoo/torch.py"
HOMES = {
    "onnx": (ONNX, GENERATED, "webnn_graph/onnx/"),
    "onnxsim": (ONNX,),
    "onnxruntime": (ONNX, GENERATED, "webnn_graph/runtimes/onnxruntime.py", "webnn_graph/runtimes/rustnn.py"),
    "torch": (TORCH, GENERATED, MADE, ZOO),
    "transformers": (TORCH, GENERATED, MADE),
    "distributed": ("models/zoo/cluster.py",),
    "huggingface_hub": ("models/zoo/fetch.py",),
    "msgspec": (
        "models/zoo/",
        "webnn_graph/generation/",
        "webnn_graph/metadata/",
        "webnn_graph/spectrogram.py",
        "converters/described/",
        "converters/joining/",
    ),
    "psutil": ("models/zoo/",),
}
"""Where each framework may be imported, and what else takes time or is an extra."""


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    packages = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            packages.add(node.module.split(".")[0])
    return packages


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_run_one_way(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        where = path.relative_to(ROOT).as_posix()
        assert not imported(path) & FORBIDDEN[package], where
        for framework in imported(path) & HOMES.keys():
            assert where.startswith(HOMES[framework]), f"{where} imports {framework}"


def modules() -> dict[str, Path]:
    """All modules by their dotted names."""
    files = [path for package in (*FORBIDDEN, "templates") for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files} | {
        "cli": ROOT / "cli.py"
    }


def imported_modules(path: Path, known: Mapping[str, object]) -> set[str]:
    """The modules of ours that a file imports, also only for a type checker or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {name if (name := f"{node.module}.{alias.name}") in known else node.module for alias in node.names}
    return found & known.keys()


def test_no_module_imports_itself_by_way_of_others() -> None:
    known = modules()
    sorter = TopologicalSorter({name: imported_modules(path, known) - {name} for name, path in known.items()})
    assert len(known) > 100
    sorter.prepare()  # raises CycleError, which names a circle


@pytest.mark.parametrize(
    "statement", ["import webnn_graph", "from webnn_graph import Graph, GraphBuilder, load, save, validate, run", "import cli"]
)
def test_frameworks_are_not_loaded(statement: str) -> None:
    code = f"import sys; {statement}; print(sorted({set(HOMES)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_a_run_that_asks_nothing_loads_nothing_that_reads_answers(tmp_path: Path) -> None:
    b = GraphBuilder()
    save(b.build({"y": b.relu(b.input("x", "float32", [2]))}), tmp_path / "graph.webnn")
    run = "import sys, cli\ntry: cli.webnn()\nexcept SystemExit: print([name for name in sys.modules if 'answer' in name])"
    command = [sys.executable, "-c", run, "run", str(tmp_path / "graph.webnn"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_commands_begin_without_numpy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, cli; print('numpy' in sys.modules)"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("package", [*FORBIDDEN, "templates"])
def test_every_file_is_shipped(package: str) -> None:
    """A wheel has the Python files, and of the others those that a pattern of their package takes."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    everywhere = {path for glob in patterns.pop("*") for path in (ROOT / package).rglob(glob)}
    shipped = {
        path for name, globs in patterns.items() for glob in globs for path in (ROOT / name.replace(".", "/")).glob(glob)
    } | everywhere
    others = {path for path in (ROOT / package).rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert others <= shipped

"""The examples do what their pages say, and only what a user can do, too."""

from __future__ import annotations

import ast
import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
import yaml

from converters.onnx import convert
from tests.examples.running import EXAMPLES, FOLDER, example
from tests.site.folder import classifier
from tests.site.running import blocks, commands, rewritten
from webnn_graph.errors import WebNNError

PUBLIC = {"webnn_graph", "converters.onnx", "converters.torch"}
CI = FOLDER / "06_ci"


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.parent.name)
def test_examples_run_and_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    with example(page, tmp_path):
        assert rewritten(page, tmp_path) == page.read_text("utf-8"), "make docs writes what the commands print"


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.parent.name)
def test_pages_name_every_program(page: Path) -> None:
    files = {
        file.relative_to(page.parent) for kind in ("py", "js", "mjs", "html", "yml", "toml") for file in page.parent.rglob(f"*.{kind}")
    }
    linked = set(map(Path, re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))))
    assert {file for file in files if file.name != "__init__.py"} - linked == set()
    assert f"({page.parent.name}/README.md)" in (FOLDER / "README.md").read_text("utf-8")


def imported(program: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(program.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("program", sorted(FOLDER.rglob("*.py")), ids=lambda program: str(program.relative_to(FOLDER)))
def test_programs_use_public_names(program: Path) -> None:
    ours = {name for name in imported(program) if name.split(".")[0] in ("webnn_graph", "converters", "models", "cli", "tests")}
    assert ours <= PUBLIC


# ------------------------------------------------------------------------------------------------------------------------ in a CI
def test_the_workflow_runs_the_commands_of_the_page() -> None:
    workflow = yaml.safe_load((CI / "webnn.yml").read_text("utf-8"))
    steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    shown = [command for block in blocks(CI / "README.md") for command, _ in commands(block.content)]
    assert [step for step in steps if not step.startswith("pip ")] == shown


def test_a_changed_model_and_a_damaged_one_fail(tmp_path: Path) -> None:
    with example(CI / "README.md", tmp_path):
        model = classifier()
        model.graph.output[0].name = model.graph.node[-1].output[0] = "scores"
        onnx.save(model, tmp_path / "models" / "classifier.onnx")
        (tmp_path / "models" / "encoder.onnx").write_bytes(b"damaged")
        done = subprocess.run([sys.executable, "zoo.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "0 of 2 models are as expected\n")
    assert "classifier is not as expected: " in done.stderr and "error: encoder.onnx" in done.stderr.replace("models/", "")


# ------------------------------------------------------------------------------------------------------------------- of a plug-in
def test_without_the_plug_in_its_operator_is_refused(tmp_path: Path) -> None:
    page = FOLDER / "07_plugin" / "README.md"
    model = re.search(r'MODEL = """(.*?)"""', (page.parent / "make_models.py").read_text("utf-8"), re.DOTALL)
    assert model
    with contextlib.chdir(tmp_path), pytest.raises(WebNNError, match="GatedSiLU") as raised:
        convert(onnx.parser.parse_model(model[1]))
    assert raised.value.code == "unsupported-operator"

"""The hooks of pre-commit: the command of each, with the files that it is given, on good and on bad ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from click.testing import Result

import cli
from converters.commands.console import DIFFERS, DONE, REFUSED
from tests.cli.conftest import linear_model
from webnn_graph import GraphBuilder, save

ROOT = Path(cli.__file__).parent
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
MANIFEST = '[linear]\nsource = "file:linear.onnx"\ndims = { batch = 2 }\n'
Invoke = Callable[..., Result]


@pytest.fixture
def run(invoke: Invoke) -> Iterator[Callable[[str], Result]]:
    """Runs a hook on the files of a repository, as pre-commit does; there is a model, its manifest, and what it converts to."""
    onnx.save(linear_model(), "linear.onnx")
    Path("webnn.toml").write_text(MANIFEST)
    assert invoke("webnn", "zoo", "convert", "--zoo", "webnn.toml", "-o", ".").exit_code == DONE

    def run(name: str) -> Result:
        hook = HOOKS[name]
        given = [path.name for path in sorted(Path().iterdir()) if re.search(hook["files"], path.name)]
        assert given
        program, *words = shlex.split(hook["entry"])
        return invoke(program, *words, *hook.get("args", ()), *(given if hook.get("pass_filenames", True) else ()))

    return run


def nothing() -> None:
    """All is as it was converted."""


def foreign() -> None:
    Path("tsconfig.json").write_text("{}")
    Path("notes.txt").write_text("text")


def damaged() -> None:
    path = Path("linear.webnn")
    path.write_text(path.read_text().replace("relu(", "relou("))


def other_weights() -> None:
    b = GraphBuilder("linear")
    weight, bias = (b.constant(np.ones(shape, np.float32), name=name) for name, shape in (("weight", (4, 300)), ("bias", (300,))))
    save(b.build({"y": b.relu(b.gemm(b.input("x", "float32", [2, 4]), weight, c=bias))}), "other.webnn")
    Path("other.safetensors").replace("linear.safetensors")
    Path("other.webnn").unlink()


def alone() -> None:
    Path("linear.webnn").unlink()


def another_model() -> None:
    model = linear_model()
    model.graph.node[2].op_type = "Tanh"
    onnx.save(model, "linear.onnx")


def another_size() -> None:
    Path("webnn.toml").write_text(MANIFEST.replace("2", "3"))


@pytest.mark.parametrize(
    ("hook", "change", "status", "said"),
    [
        ("webnn-validate", nothing, DONE, ""),
        ("webnn-validate", foreign, DONE, ""),
        ("webnn-validate", damaged, REFUSED, "relou"),
        ("webnn-validate", other_weights, REFUSED, "do not belong together"),
        ("webnn-digest", nothing, DONE, ""),
        ("webnn-digest", other_weights, REFUSED, "do not belong together"),
        ("webnn-digest", alone, REFUSED, "no graph beside it"),
        ("webnn-up-to-date", nothing, DONE, "1 of 1 models up to date"),
        ("webnn-up-to-date", foreign, DONE, "1 of 1 models up to date"),
        ("webnn-up-to-date", damaged, DIFFERS, "OUT OF DATE: linear.webnn"),
        ("webnn-up-to-date", other_weights, DIFFERS, "OUT OF DATE: linear.safetensors"),
        ("webnn-up-to-date", another_model, DIFFERS, "OUT OF DATE: linear.webnn"),
        ("webnn-up-to-date", another_size, DIFFERS, "OUT OF DATE: linear.webnn"),
        ("webnn-up-to-date", alone, DIFFERS, "OUT OF DATE: linear.webnn"),
    ],
)
def test_a_hook_finds(hook: str, change: Callable[[], None], status: int, said: str, run: Callable[[str], Result]) -> None:
    change()
    result = run(hook)
    assert (result.exit_code, said in result.output) == (status, True), result.output


def test_every_hook_is_explained() -> None:
    page = (ROOT / "docs" / "start" / "ci.md").read_text("utf-8")
    assert HOOKS.keys() == set(re.findall(r"`(webnn-[\w-]+)`", page)) - {"webnn-convert"}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_takes_its_files(hook: str) -> None:
    names = ("a/b.webnn", "b.safetensors", "tsconfig.json", "a.onnx", "webnn", "a.webnn.txt")
    given = [name for name in names if re.search(HOOKS[hook]["files"], name)]
    expected = {"webnn-validate": ["a/b.webnn"], "webnn-digest": ["b.safetensors"]}
    assert given == expected.get(hook, ["a/b.webnn", "b.safetensors", "tsconfig.json", "a.onnx"])

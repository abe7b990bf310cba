"""The table of runtimes: what a row says holds, and a name that is in none is an error wherever one is asked for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import cli
from converters.commands.workflow import Check
from models import select
from models.zoo.actions import measure, verify_all
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import WebNNError
from webnn_graph.runtimes import RUNTIMES, Runtime, find_runtime, run
from webnn_graph.targets import load_target

each_runtime = pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)


def computed(runtime: str) -> object:
    b = GraphBuilder()
    return run(b.build({"y": b.relu(b.input("x", "float32", [1]))}), {"x": np.zeros(1, np.float32)}, runtime=runtime)


DOORS: dict[str, Callable[[str], object]] = {
    "find_runtime": find_runtime,
    "run": computed,
    "Check": Check,
    "Check of each node": lambda name: Check(name, each_node=True),
    "verify_all": lambda name: verify_all([], Path(), runtime=name, browser=None, seed=0),
    "measure": lambda name: measure(select()[0], Path(), runtime=name),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize(
    ("name", "hint"), [("bowser", "did you mean browser?"), ("onnx", f"the runtimes are {', '.join(RUNTIMES)}"), ("", "the runtimes")]
)
def test_an_unknown_name_is_an_error(door: Callable[[str], object], name: str, hint: str) -> None:
    with pytest.raises(WebNNError, match=f"there is no runtime {name!r}") as raised:
        door(name)
    assert raised.value.hint.startswith(hint)


@pytest.mark.parametrize("command", [("run", "g.webnn"), ("verify", "g.webnn", "--against", "m.onnx"), ("zoo", "verify")], ids=str)
def test_a_command_refuses_an_unknown_name(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.webnn, [*command, "--runtime", "bowser"])
    assert result.exit_code == 2
    assert all(name in result.stderr for name in ("bowser", *RUNTIMES))


@each_runtime
def test_a_row_names_what_there_is(runtime: Runtime) -> None:
    assert load_target(runtime.target).name == runtime.target
    parameters = signature(import_module(f"webnn_graph.runtimes.{runtime.name}").run).parameters
    assert ("browser" in parameters) == runtime.has_browser
    extras = tomllib.loads((Path(cli.__file__).parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    if runtime.needs:
        assert re.match(r"[a-z]+", extras[runtime.extra][0]).group() == runtime.needs.lower()


def test_the_manual_names_each() -> None:
    assert all(f"`{name}`" in (Path(cli.__file__).parent / "docs" / "tasks" / "verify.md").read_text() for name in RUNTIMES)


@pytest.mark.parametrize("name", [name for name in RUNTIMES if name != "reference"])
def test_each_node_is_compared_in_the_reference_runtime_only(name: str) -> None:
    with pytest.raises(WebNNError, match=f"compared in the reference runtime, not in {name}"):
        Check(name, each_node=True)

"""Sizes of dimensions in a file beside a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from click.testing import Result

from tests.cli.conftest import linear_model
from webnn_graph import load

Invoke = Callable[..., Result]


@pytest.fixture
def beside(invoke: Invoke) -> Callable[[Any], None]:
    """Writes m.onnx, whose batch has no size, and what is beside it."""

    def write(sizes: Any) -> None:
        onnx.save(linear_model(), "m.onnx")
        Path("m.dims.json").write_text(sizes if isinstance(sizes, str) else json.dumps(sizes))

    return write


@pytest.mark.parametrize("sizes", [{"batch": 3}, {"freeDimensionOverrides": {"batch": 3}, "comment": ["for a page"]}])
def test_they_are_those_of_dim(beside: Callable[[Any], None], invoke: Invoke, sizes: Any) -> None:
    beside(sizes)
    result = invoke("onnx2webnn", "m.onnx", "--verify")
    assert result.exit_code == 0, result.output
    assert "note: m.dims.json says --dim batch=3" in result.stderr
    assert load("m.webnn").inputs[0].shape == (3, 4)
    for command in (["view", "m.onnx", "-o", "m.html"], ["inspect", "m.onnx"]):
        assert "batch=3" in invoke("webnn", *command).stderr
    assert "--dim" not in invoke("webnn", "inspect", "m.onnx").stdout


def test_what_is_said_wins(beside: Callable[[Any], None], invoke: Invoke) -> None:
    beside({"batch": 3})
    result = invoke("onnx2webnn", "m.onnx", "--dim", "batch=2")
    assert result.exit_code == 0, result.output
    assert "note:" not in result.stderr
    assert load("m.webnn").inputs[0].shape == (2, 4)
    assert invoke("onnx2webnn", "m.onnx", "--dim", "batch=2,5", "--name", "sized").exit_code == 0
    assert load("sized_5.webnn").inputs[0].shape == (5, 4)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Expecting property name"),
        ("[1]", "it is not a JSON object"),
        ({"batch": "3"}, 'batch is "3"'),
        ({"batch": True}, "batch is true"),
        ({"batch": 1.5}, "batch is 1.5"),
        ({"batch": -1}, "batch is -1"),
        ({"batch": 2**32}, "batch is 4294967296"),
        ({"freeDimensionOverrides": 3}, "it is not a JSON object"),
        ("[" * 5000, "recursion"),
        (" " * 2**20 + "{}", "it has 1,048,578 bytes"),
    ],
    ids=lambda value: str(value)[:20].strip(),
)
def test_what_is_none_is_one_error(beside: Callable[[Any], None], invoke: Invoke, content: Any, said: str) -> None:
    beside(content)
    for command in (["onnx2webnn", "m.onnx"], ["webnn", "inspect", "m.onnx"]):
        result = invoke(*command)
        assert result.exit_code == 1
        first, hint = result.stderr.splitlines()
        assert first.startswith("error: m.dims.json: these are no sizes of dimensions: ")
        assert said in first
        assert hint == 'hint: it is like {"batch": 1, "sequence": 128}'
    assert not Path("m.webnn").exists()


def test_a_name_that_the_model_lacks_is_an_error(beside: Callable[[Any], None], invoke: Invoke) -> None:
    beside({"batch": 1, "\x1b[31mbatches": 2})
    result = invoke("onnx2webnn", "m.onnx")
    assert result.exit_code == 1
    assert "m.dims.json says --dim batch=1, --dim " in result.stderr
    assert "the model has no dimension" in result.stderr
    assert "\x1b" not in result.stderr


def test_it_is_not_written_over(beside: Callable[[Any], None], invoke: Invoke) -> None:
    beside({"batch": 3})
    result = invoke("onnx2webnn", "m.onnx", "--format", "json", "--name", "m.dims", "--force")
    assert result.exit_code == 1
    assert "m.dims.json is the model itself, or is read with it" in result.stderr
    assert json.loads(Path("m.dims.json").read_text()) == {"batch": 3}


def test_programs_of_pytorch_have_them_too(invoke: Invoke) -> None:
    program = torch.export.export(torch.nn.Linear(4, 3), (torch.zeros(2, 4),), dynamic_shapes=({0: torch.export.Dim("rows", max=64)},))
    torch.export.save(program, "net.pt2")
    Path("net.dims.json").write_text('{"rows": 7}')
    result = invoke("torch2webnn", "net.pt2", "--verify")
    assert result.exit_code == 0, result.output
    assert load("net.webnn").inputs[0].shape == (7, 4)

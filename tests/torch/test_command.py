"""torch2webnn on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from cli import torch2webnn
from converters.torch.source import TorchSource
from tests.torch.test_files import small_module, write_program, write_script
from webnn_graph import load

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "net.pt2"
    write_program(path)
    return path


def convert(path: Path, *arguments: str) -> Result:
    """Runs the command with its files beside the model."""
    return CliRunner().invoke(torch2webnn, [str(path), "-o", str(path.parent), *arguments])


def test_it_writes_and_verifies_what_was_written(program: Path) -> None:
    result = convert(program, "--format", "webnn,json,js", "--verify")
    assert result.exit_code == 0, result.output
    assert "PyTorch" in result.output and "ok" in result.output
    assert {"net.webnn", "net.json", "net.js", "net.d.ts", "net.safetensors"} <= {path.name for path in program.parent.iterdir()}
    assert [str(operand) for operand in load(program.with_suffix(".webnn")).inputs] == ["input: float32[2, 3]"]


def test_it_exits_with_3_when_the_numbers_differ(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = TorchSource.run
    monkeypatch.setattr(TorchSource, "run", lambda *args: {name: array + 1 for name, array in right(*args).items()})
    result = convert(program, "--verify")
    assert result.exit_code == 3, result.output


def test_inputs_give_types_and_shapes_by_name(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    write_script(path)
    assert convert(path, "--input", "input:float32[batch,3]", "--dim", "batch=5", "--verify").exit_code == 0
    assert load(tmp_path / "net.webnn").inputs[0].shape == (5, 3)


def test_several_sizes(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    batch = ({0: torch.export.Dim("batch", max=64)},)
    torch.export.save(torch.export.export(small_module(), (torch.zeros(2, 3),), dynamic_shapes=batch), path)
    result = convert(path, "--dim", "batch=2,6", "--format", "webnn,js", "--verify")
    assert result.exit_code == 0, result.output
    assert "net: batch=2; batch=6; smaller inputs are filled up with zeros" in result.output
    assert result.output.count("reference runtime against PyTorch") == 3
    files = {path.name for path in tmp_path.iterdir()}
    assert {"net_2.webnn", "net_6.webnn", "net_2.js", "net_6.js", "net.js", "net.d.ts", "model.safetensors"} <= files


def test_an_input_that_no_tensor_can_be_is_not_made_up(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    write_script(path)
    result = convert(path, "--input", "input:float32[2147483647,3]")
    assert result.exit_code == 1
    assert "input input has shape [2147483647, 3], which is 6,442,450,941 elements" in result.output


def test_a_file_of_inputs_gives_types_and_shapes(tmp_path: Path) -> None:
    path, values = tmp_path / "net.pt", tmp_path / "values.pt"
    write_script(path)
    torch.save({"input": torch.rand(4, 3)}, values)
    result = convert(path, "--inputs-file", str(values), "--verify")
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "net.webnn").inputs[0].shape == (4, 3)


def test_a_state_dict_with_its_module(tmp_path: Path) -> None:
    path = tmp_path / "net.bin"
    torch.save(small_module(7).state_dict(), path)
    model = ["--model", "tests.torch.test_files:small_module", "--model-args", '{"width": 7}']
    result = convert(path, *model, "--input", "x:float32[2,3]", "--verify")
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "net.webnn").outputs[0].shape == (2, 7)


@pytest.mark.parametrize("text", ["x", "x:float32", "x:float31[2]", "x:float32[2;3]", "x:float32[-1]", ":float32[2]"])
def test_what_is_no_input_is_a_usage_error(text: str, program: Path) -> None:
    result = convert(program, "--input", text)
    assert result.exit_code == 2
    assert "is not like 'x:float32[1,3,224,224]'" in result.output


def test_a_refused_file_is_one_error_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save(small_module(), path)
    result = convert(path)
    assert result.exit_code == 1
    assert "unpickling it would run code" in result.output and "--trust-pickle" in result.output
    assert "Traceback" not in result.output


def test_without_pytorch_it_says_how_to_install_it(program: Path) -> None:
    code = f"import sys; sys.modules['torch'] = None; sys.argv = ['torch2webnn', {str(program)!r}]; import cli; cli.torch2webnn()"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: PyTorch is not installed [runtime-unavailable]",
        "hint: pip install 'webnn-convert[torch]'",
    ]


class Branch(torch.nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) if input.sum() > 0 else input


@pytest.mark.parametrize("options", [[], ["-v"], ["--debug"]], ids=str)
def test_graphs_that_pytorch_prints_are_shown_on_demand(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save(Branch(3, 3).state_dict(), path)
    result = convert(path, "--model", f"{__name__}:Branch", "--model-args", "[3, 3]", "--input", "x:float32[2,3]", *options)
    assert result.exit_code == 1
    assert "error: torch.export cannot capture Branch: a size or a branch depends on values" in result.output
    assert ("torch.ops.aten.sum.default" in result.stderr) is bool(options)
    assert not result.stdout


class Cached(torch.nn.Linear):
    def forward(self, input: torch.Tensor) -> object:
        from transformers import DynamicCache, EncoderDecoderCache

        return super().forward(input), EncoderDecoderCache(DynamicCache(), DynamicCache())


def test_a_cache_that_is_returned_is_explained(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    path = tmp_path / "net.pt"
    torch.save(Cached(3, 3).state_dict(), path)
    result = convert(path, "--model", f"{__name__}:Cached", "--model-args", "[3, 3]", "--input", "x:float32[2,3]")
    assert result.exit_code == 1
    assert "hint: have it return no cache: use_cache=False" in result.output

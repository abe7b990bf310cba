"""Where the inputs of a verification come from: given ones, those that a file brings, and made-up ones that the graph can take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import cli
from converters.checking.verify import _feeds as feeds_of
from converters.torch.model import TorchModel
from converters.torch.source import TorchSource

Node, info = helper.make_node, helper.make_tensor_value_info


class Two(nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a + b


class Lookup(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 4)

    def forward(self, i: torch.Tensor) -> torch.Tensor:
        return self.table(i)  # type: ignore[no-any-return]


def exported(path: Path, module: nn.Module, *args: torch.Tensor, **options: Any) -> Path:
    torch.export.save(torch.export.export(module.eval(), args, **options), path)
    return path


def verified(path: Path, *options: str) -> Result:
    command = cli.onnx2webnn if path.suffix == ".onnx" else cli.torch2webnn
    return CliRunner().invoke(command, [str(path), "-o", str(path.parent), "--force", "--verify", *options])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_inputs_that_are_not_given_are_made_up(dtype: torch.dtype, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones((2, 3), np.float32))
    path = exported(tmp_path / "m.pt2", Two(), torch.randn(2, 3).to(dtype), torch.randn(2, 3).to(dtype))
    result = verified(path, "--inputs", str(tmp_path / "a.npz"))
    assert result.exit_code == 0, result.output


def test_given_inputs_say_the_sizes_of_the_others(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones((5, 3), np.float32))
    n = torch.export.Dim("n", min=2)
    path = exported(tmp_path / "m.pt2", Two(), torch.randn(2, 3), torch.randn(2, 3), dynamic_shapes=({0: n}, {0: n}))
    result = verified(path, "--inputs", str(tmp_path / "a.npz"))
    assert result.exit_code == 0, result.output
    assert TorchModel(path, values={"a": np.ones((5, 3), np.float32)}).convert().outputs[0].shape == (5, 3)


def test_a_wrong_name_is_still_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", c=np.ones((2, 3), np.float32))
    result = verified(exported(tmp_path / "m.pt2", Two(), torch.randn(2, 3), torch.randn(2, 3)), "--inputs", str(tmp_path / "c.npz"))
    assert result.exit_code == 1
    assert "the program has no input 'c'" in result.stderr


def test_the_examples_of_a_file_come_first(tmp_path: Path) -> None:
    example = torch.tensor([[1, 2, 6]])
    model = TorchModel(exported(tmp_path / "m.pt2", Lookup(), example))
    graph, source = model.convert(), model.source()
    assert feeds_of(graph, source, {}, 0)[0]["i"].tolist() == example.tolist()
    assert feeds_of(graph, source, {"i": np.array([[0, 0, 0]])}, 0)[0]["i"].tolist() == [[0, 0, 0]]
    made_up = feeds_of(graph, TorchSource(source.program), {}, 0)[0]["i"]
    assert ((made_up >= 0) & (made_up < 7)).all()
    assert verified(tmp_path / "m.pt2").exit_code == 0


def test_examples_that_say_nothing_or_do_not_fit_are_passed_over(tmp_path: Path) -> None:
    model = TorchModel(exported(tmp_path / "m.pt2", Two(), torch.zeros(2, 3), torch.randn(2, 3)))
    graph, source = model.convert(), model.source()
    source.examples = {**source.examples, "b": np.ones((1, 3), np.float32)}
    feeds = feeds_of(graph, source, {}, 0)[0]
    assert len(np.unique(feeds["a"])) == 6
    assert feeds["b"].shape == (2, 3)


@pytest.mark.parametrize("seed", range(3))
def test_made_up_integers_are_valid_for_onnx_runtime(seed: int, tmp_path: Path) -> None:
    """A lookup, a scatter without duplicates, and a mask: ONNX Runtime refuses other indices."""
    nodes = [
        Node("Gather", ["table", "ids"], ["rows"]),
        Node("ScatterElements", ["rows", "places", "updates"], ["moved"], axis=0),
        Node("Cast", ["seen"], ["attended"], to=TensorProto.BOOL),
        Node("Where", ["attended", "moved", "none"], ["y"]),
    ]
    weights = {"table": np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32), "none": np.float32([0])}
    inputs = [
        info("ids", TensorProto.INT64, [6]),
        info("places", TensorProto.INT64, [6, 4]),
        info("updates", TensorProto.FLOAT, [6, 4]),
        info("seen", TensorProto.INT64, [6, 1]),
    ]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "g", inputs, [info("y", TensorProto.FLOAT, [6, 4])], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "m.onnx")
    result = verified(tmp_path / "m.onnx", "--seed", str(seed), "--tolerance", "0")
    assert result.exit_code == 0, result.output


def test_a_cut_model_runs_without_what_fed_the_cut(tmp_path: Path) -> None:
    nodes = [
        Node("Cast", ["image"], ["p"], to=1),
        Node("Relu", ["p"], ["a"]),
        Node("Exp", ["a"], ["b"]),
        Node("Neg", ["b"], ["y"]),
        Node("Abs", ["p"], ["z"]),
    ]
    outputs = [info("y", TensorProto.FLOAT, [1, 4]), info("z", TensorProto.FLOAT, [1, 4])]
    graph = helper.make_graph(nodes, "g", [info("image", TensorProto.UINT8, [1, 4])], outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "m.onnx")
    result = verified(tmp_path / "m.onnx", "--input", "a", "--output", "y")
    assert result.exit_code == 0, result.output

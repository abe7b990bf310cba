"""Random numbers of a source model: inputs of the graph, or constants; distributed as the source framework's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn
from torch.nn import functional

import cli
from converters.checking.verify import verify
from converters.onnx import convert as from_onnx
from converters.onnx.source import OnnxSource
from converters.torch import convert as from_torch
from converters.torch.capture import captured
from converters.torch.noise import with_noise
from converters.torch.source import TorchSource
from webnn_graph import load, run
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph

SAMPLES = 20000
SHAPE = (SAMPLES // 4, 4)


def close(found: Array, expected: Array) -> None:
    """Fails unless two samples are of one distribution: the largest distance of what is below each value, as Kolmogorov has it."""
    found, expected = np.sort(found.ravel().astype(np.float64)), np.sort(expected.ravel().astype(np.float64))
    values = np.concatenate([found, expected])
    below = [np.searchsorted(sample, values, "right") / sample.size for sample in (found, expected)]
    assert np.abs(below[0] - below[1]).max() < 0.025


# ------------------------------------------------------------------------------------------------------------------------ ONNX
HEAD = '<ir_version: 8, opset_import: ["" : 17]> net'
ONNX = {
    "normal": "(float[n,4] x) => (float[n,4] y) { y = RandomNormalLike<mean=0.5, scale=2.0>(x) }",
    "normal of a shape": f"(float[n,4] x) => (float[n,4] y) {{ y = RandomNormal<shape=[{SHAPE[0]},4]>() }}",
    "uniform": "(float[n,4] x) => (float[n,4] y) { y = RandomUniformLike<low=-1.0, high=3.0>(x) }",
    "uniform of a shape": f"(float[n,4] x) => (float[n,4] y) {{ y = RandomUniform<shape=[{SHAPE[0]},4], low=1.0, high=2.0>() }}",
    "like a constant type": "(float[n,4] x) => (double[n,4] y) { y = RandomNormalLike<dtype=11>(x) }",
    "bernoulli": "(float[n,4] x) => (float[n,4] y) { p = Sigmoid(x) y = Bernoulli(p) }",
    "bernoulli of a type": "(float[n,4] x) => (int32[n,4] y) { p = Sigmoid(x) y = Bernoulli<dtype=6>(p) }",
    "multinomial": "(float[n,4] x) => (int64[n,5] y) { y = Multinomial<dtype=7, sample_size=5>(x) }",
    "dropout": "(float[n,4] x) => (float[n,4] y, bool[n,4] z) {"
    " r = Constant<value = float {0.3}>() t = Constant<value = bool {1}>() y, z = Dropout(x, r, t) }",
    "dropout of everything": "(float[n,4] x) => (float[n,4] y) { t = Constant<value = bool {1}>() y = Dropout(x, , t) }",
}


def onnx_file(folder: Path, text: str) -> Path:
    path = folder / "net.onnx"
    onnx.save(onnx.parser.parse_model(f"{HEAD} {text}"), path)
    return path


@pytest.mark.parametrize("name", ONNX)
def test_onnx(name: str, tmp_path: Path) -> None:
    path = onnx_file(tmp_path, ONNX[name])
    graph = from_onnx(path, dims={"n": SHAPE[0]}, random="inputs")
    assert [operand.distribution is not None for operand in graph.inputs] == [False, True]
    x = np.repeat(np.linspace(-1, 1, 4, dtype=np.float32)[None], SHAPE[0], 0)
    right = onnxruntime.InferenceSession(path).run(None, {"x": x})
    for found, expected in zip(run(graph, {"x": x}, seed=1).values(), right, strict=True):
        close(found, expected)
    assert verify(graph, OnnxSource(path), run, tolerance=1e-5).ok


def test_onnx_draws_what_outputs_need_only(tmp_path: Path) -> None:
    path = onnx_file(tmp_path, "(float[n,4] x) => (float[n,4] y) { a = RandomNormalLike(x) b = RandomNormalLike(x) y = Add(x, b) }")
    graph = from_onnx(path, dims={"n": 2}, random="inputs")
    assert [operand.name for operand in graph.inputs] == ["x", "b_noise"] == OnnxSource(path).inputs


def test_onnx_in_a_branch(tmp_path: Path) -> None:
    branches = "then_branch = t () => (float[2] a) { a = RandomNormal<shape=[2]>() }, else_branch = e () => (float[2] b) { b = Neg(x) }"
    path = onnx_file(tmp_path, f"(bool c, float[2] x) => (float[2] y) {{ y = If(c) <{branches}> }}")
    with pytest.raises(ConversionError, match="draws random numbers inside of a function, a branch or a loop"):
        from_onnx(path, random="inputs")


# --------------------------------------------------------------------------------------------------------------------- PyTorch
class Module(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


TORCH: dict[str, Callable[[torch.Tensor], Any]] = {
    "randn": lambda x: torch.randn(SHAPE),
    "randn_like": lambda x: 2 * torch.randn_like(x),
    "rand": lambda x: torch.rand(SHAPE),
    "rand_like": lambda x: torch.rand_like(x) + x,
    "randint": lambda x: torch.randint(2, 7, SHAPE),
    "randint_like": lambda x: torch.randint_like(x, 2, 7),
    "normal": lambda x: torch.normal(x, x.abs() + 1),
    "normal_": lambda x: torch.empty_like(x).normal_(1, 2),
    "normal of a number": lambda x: torch.normal(2.0, x.abs() + 1),
    "uniform_": lambda x: torch.empty_like(x).uniform_(1, 4),
    "bernoulli": lambda x: torch.bernoulli(x.sigmoid()),
    "bernoulli_": lambda x: torch.empty_like(x).bernoulli_(0.3),
    "exponential_": lambda x: torch.empty_like(x).exponential_(2.0),
    "multinomial": lambda x: torch.multinomial(x.exp(), 5, replacement=True),
    "one of multinomial": lambda x: torch.multinomial(x.exp(), 1),
    "multinomial without replacement": lambda x: torch.multinomial(x.exp(), 2)[:, 1],
    "dropout": lambda x: functional.dropout(x, 0.3, training=True),
    "gumbel": lambda x: functional.gumbel_softmax(x, tau=0.5),
    "randperm": lambda x: torch.randperm(100),
}


@pytest.mark.parametrize("name", TORCH)
def test_torch(name: str) -> None:
    module, x = Module(TORCH[name]), torch.linspace(-1, 1, 4).repeat(SHAPE[0], 1)
    graph = from_torch(module, (x,), random="inputs")
    (output,) = run(graph, {"x": x.numpy()}, seed=1).values()
    torch.manual_seed(0)
    close(output, module(x).numpy()) if name != "randperm" else np.testing.assert_array_equal(np.sort(output), np.arange(100))
    source = TorchSource(with_noise(captured(module, (x,))))
    assert [operand.name for operand in graph.inputs] == source.inputs
    assert verify(graph, source, run, tolerance=1e-4).ok


# -------------------------------------------------------------------------------------------------------------------- both
NOISY = "(float[2] x) => (float[2] y) { a = RandomNormalLike(x) b = RandomUniformLike(x) s = Add(a, b) y = Add(x, s) }"


def frozen_onnx(tmp_path: Path, random: Any) -> Graph:
    return from_onnx(onnx_file(tmp_path, NOISY), random=random)


def frozen_torch(tmp_path: Path, random: Any) -> Graph:
    return from_torch(Module(lambda x: x + torch.randn_like(x) + torch.rand_like(x)), (torch.zeros(2),), random=random)


@pytest.mark.parametrize("convert", [frozen_onnx, frozen_torch])
def test_a_seed_freezes_them(convert: Callable[[Path, Any], Graph], tmp_path: Path) -> None:
    x = {"x": np.zeros(2, np.float32)}
    graph, again, other = (convert(tmp_path, seed) for seed in (7, 7, 8))
    (result,) = run(graph, x).values()
    assert [operand.name for operand in graph.inputs] == ["x"]
    assert np.array_equal(result, *run(again, x).values()) and not np.array_equal(result, *run(other, x).values())
    assert result == pytest.approx(next(iter(run(convert(tmp_path, "inputs"), x, seed=7).values())), rel=1e-6)


@pytest.mark.parametrize("convert", [frozen_onnx, frozen_torch])
def test_without_a_choice_the_refusal_names_it(convert: Callable[[Path, Any], Graph], tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match='random="inputs" draws the numbers outside of the graph, random=0 at conversion'):
        convert(tmp_path, None)
    with pytest.raises(ConversionError, match="random is 'inputs' or a seed"):
        convert(tmp_path, "input")


def command(name: str, *arguments: object) -> Result:
    return CliRunner().invoke(getattr(cli, name), list(map(str, arguments)))


@pytest.mark.parametrize("random", ["inputs", "0"])
@pytest.mark.parametrize("frontend", ["onnx2webnn", "torch2webnn"])
def test_commands(frontend: str, random: str, tmp_path: Path) -> None:
    path = onnx_file(tmp_path, NOISY)
    if frontend == "torch2webnn":
        path = tmp_path / "net.pt2"
        torch.export.save(torch.export.export(Module(lambda x: x + torch.randn_like(x)), (torch.zeros(2),)), path)
    result = command(frontend, path, "-o", tmp_path, "--random", random, "--verify", "--format", "webnn,json,js")
    assert result.exit_code == 0, result.output
    graph = load(tmp_path / "net.webnn")
    assert any(operand.distribution for operand in graph.inputs) == (random == "inputs")
    assert command("webnn", "run", tmp_path / "net.json", "--seed", 3).exit_code == 0
    assert command("webnn", "inspect", path, "--random", random).output.strip().endswith("can be converted")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["onnx2webnn", "--random", "input"], "'input' is neither inputs nor a whole number"),
        (["onnx2webnn", "--random", "1", "--dim", "n=1,2"], "--random is for one size"),
        (["torch2webnn", "--random", "1", "--decoder", "4,8"], "--random is for other models"),
    ],
)
def test_wrong_usage(arguments: list[str], says: str) -> None:
    result = command(arguments[0], "nowhere", *arguments[1:])
    assert result.exit_code == 2
    assert says in result.stderr

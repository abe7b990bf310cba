"""The source's own noise: what it explains, and that it never explains an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from converters.checking.noise import is_noise, is_peer
from converters.checking.verify import Verification, verify
from converters.onnx import convert
from converters.onnx.source import OnnxSource
from converters.source import Source
from converters.torch.model import TorchModel
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import RUNTIMES, reference

TOLERANCE = RUNTIMES["reference"].tolerance
Node, info = helper.make_node, helper.make_tensor_value_info
MICROSOFT = helper.make_opsetid("com.microsoft", 1)


# ---------------------------------------------------------------------------------------------------------------- the rule
def scattered(errors: Mapping[int, float], count: int = 100) -> Array:
    """1 everywhere, but for these differences."""
    values = np.ones(count)
    for i, error in errors.items():
        values[i] += error
    return values


NOISY = dict.fromkeys(range(10), 0.01)
"""Differences of a source from its twin, whose elements are all 1."""
SPREAD = scattered(dict.fromkeys(range(40), 0.01)) - 1
"""What the last bits of the inputs do."""


@pytest.mark.parametrize(
    ("name", "ours", "own", "expected"),
    [
        ("nearer than the source", {}, NOISY, True),
        ("as near as the source", dict.fromkeys(range(10), -0.01), NOISY, True),
        ("in other places", dict.fromkeys(range(25, 35), -0.01), NOISY, True),
        ("somewhat larger", dict.fromkeys(range(10), 0.03), NOISY, True),
        ("larger", dict.fromkeys(range(10), 0.06), NOISY, False),
        ("one that is larger", {3: 0.06}, NOISY, False),
        ("oftener", dict.fromkeys(range(25), 0.005), NOISY, False),
        ("one more where it is certain", NOISY | {50: 0.005}, NOISY, False),
        ("one instead where it is certain", {50: 0.005}, NOISY, False),
        ("hidden among the uncertain", dict.fromkeys(range(3, 33), 0.01), NOISY, False),
        ("a source without noise", {1: 0.001}, {}, False),
        ("a source that is no longer itself", {}, {0: 0.7}, False),
        ("not a number", {0: np.nan}, NOISY, False),
        ("a source that is not a number", {}, {0: np.nan}, False),
        ("infinite", {0: np.inf}, {0: 0.4}, False),
    ],
)
def test_noise(name: str, ours: dict[int, float], own: dict[int, float], expected: bool) -> None:
    assert is_noise(scattered(ours).astype(np.float32), [scattered(own)], np.ones(100), SPREAD, TOLERANCE) == expected


def spread_of(base: Array, nudged: list[Array]) -> Array:
    return np.max([np.abs(values - base) for values in nudged], axis=0)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("tail", ["normal", "heavy", "rare"])
def test_noise_of_the_same_kind_is_noise(tail: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    scale = {"normal": np.full(5000, 1e-3), "heavy": 10 ** (2 * random.random(5000)) * 1e-3, "rare": (random.random(5000) < 0.02) * 0.01}

    def result() -> Array:
        return 1 + (random.standard_normal(5000) * scale[tail]).clip(-0.4, 0.4)

    twin, ours, theirs = np.ones(5000), result(), [result() for _ in range(9)]
    spread = np.maximum(spread_of(ours, [result() for _ in range(8)]), spread_of(theirs[0], theirs[1:]))
    assert is_noise(ours.astype(np.float32), theirs, twin, spread, TOLERANCE)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("error", "count"), [(0.01, 1), (3e-4, 1), (1e-3, 40), (0.1, 3)])
def test_no_error_hides_where_the_source_is_certain(error: float, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    uncertain = np.arange(5000) >= 200
    ours, *theirs = (1 + random.standard_normal(5000) * 0.01 * uncertain for _ in range(10))
    spread = np.maximum(spread_of(theirs[0], theirs[1:]), spread_of(ours, theirs[1:]))
    assert is_noise(ours.astype(np.float32), theirs, np.ones(5000), spread, TOLERANCE)
    ours[:count] += error
    assert not is_noise(ours.astype(np.float32), theirs, np.ones(5000), spread, TOLERANCE)


def test_not_a_number_in_all_is_no_difference() -> None:
    ours, source, twin = (scattered({0: np.nan, 1: np.inf, **more}) for more in ({2: 0.01}, {2: 0.01}, {}))
    assert is_noise(ours.astype(np.float32), [source], twin, SPREAD, TOLERANCE)
    assert not is_noise(ours.astype(np.float32), [source], np.where(np.isnan(twin), 1, twin), SPREAD, TOLERANCE)


@pytest.mark.parametrize(
    ("actual", "expected"), [([3, 7, 1], True), ([4, 8, 1], True), ([4, 7, 1], True), ([3, 7, 2], False), ([5, 7, 1], False)]
)
def test_integers_are_those_of_the_source_or_its_twin(actual: list[int], expected: bool) -> None:
    assert is_noise(np.array(actual), [np.array([3, 7, 1])], np.array([4, 8, 1]), np.zeros(3), TOLERANCE) == expected


def test_the_peer_is_met_within_the_tolerance() -> None:
    peer = np.ones(3)
    assert is_peer(np.float32([1, 1, 1.00001]), np.array([1, 1, 0.99]), peer, TOLERANCE)
    assert not is_peer(np.float32([1, 1, 1.001]), np.array([1, 1, 0.99]), peer, TOLERANCE)
    assert not is_peer(np.float32([1, 1, 1]), np.array([1, 1, 0.3]), peer, TOLERANCE)
    assert not is_peer(np.float32([1, 1, np.nan]), np.array([1, 1, 0.99]), peer, TOLERANCE)


# -------------------------------------------------------------------------------------------------------------- real sources
def saved(path: Path, nodes: list[onnx.NodeProto], x: onnx.ValueInfoProto, kind: int, weights: Mapping[str, Array]) -> Path:
    """A model of input x and output y."""
    graph = helper.make_graph(nodes, "g", [x], [info("y", kind, None)], [numpy_helper.from_array(a, name) for name, a in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), MICROSOFT], ir_version=10), path)
    return path


def normal(*shape: int, scale: float = 0.1) -> Array:
    return (np.random.default_rng(len(shape) * 100 + shape[-1]).standard_normal(shape) * scale).astype(np.float32)


def two_layers(path: Path, dtype: Any) -> Path:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes = [Node("MatMul", ["x", "w"], ["h"]), Node("Tanh", ["h"], ["t"]), Node("MatMul", ["t", "v"], ["y"])]
    return saved(path, nodes, info("x", kind, [2, 64]), kind, {"w": normal(64, 64).astype(dtype), "v": normal(64, 8).astype(dtype)})


def lstm(path: Path) -> Path:
    names = ["x", "w", "r", "b", "", "", "", "", "ws", "z", "rs", "z"]
    node = Node("DynamicQuantizeLSTM", names, ["y"], domain="com.microsoft", hidden_size=32)
    whole = {name: (normal(*shape, scale=40)).astype(np.int8) for name, shape in (("w", (1, 16, 128)), ("r", (1, 32, 128)))}
    scales = {"ws": np.float32([0.004]), "rs": np.float32([0.003]), "z": np.zeros(1, np.int8), "b": normal(1, 256)}
    return saved(path, [node], info("x", TensorProto.FLOAT, [40, 2, 16]), TensorProto.FLOAT, whole | scales)


def angles() -> Array:
    return 2 * np.pi * np.outer(np.arange(400), np.arange(201)) / 400


def spectrum(path: Path) -> Path:
    nodes = [
        *(Node("MatMul", ["x", part], [f"{part}_part"]) for part in ("cos", "sin")),
        *(Node("Mul", [f"{part}_part"] * 2, [f"{part}_power"]) for part in ("cos", "sin")),
        Node("Add", ["cos_power", "sin_power"], ["power"]),
        Node("Add", ["power", "least"], ["some"]),
        Node("Log", ["some"], ["y"]),
    ]
    weights = {"cos": np.cos(angles()).astype(np.float32), "sin": np.sin(angles()).astype(np.float32), "least": np.float32([1e-10])}
    return saved(path, nodes, info("x", TensorProto.FLOAT, [40, 400]), TensorProto.FLOAT, weights)


def looked_up(path: Path) -> Path:
    """The spectrum of signals in a table, whose inputs have no last bits."""
    model = onnx.load(spectrum(path))
    model.graph.node.insert(0, Node("Gather", ["tones", "i"], ["x"]))
    model.graph.input[0].CopyFrom(info("i", TensorProto.INT64, [40]))
    model.graph.initializer.append(numpy_helper.from_array(tones(), "tones"))
    onnx.save(model, path)
    return path


def tones() -> Array:
    """Signals that have one frequency, and silence in the others."""
    return np.stack([np.sin(2 * np.pi * np.arange(400) * (3 + i) / 400 + 1) / 2 for i in range(40)]).astype(np.float32)


class Autocast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, 64), nn.Linear(64, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.second(nn.functional.gelu(self.first(x)))
        return y.float()


class Spectrum(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(torch.fft.rfft(x).abs().square() + 1e-10)


def exported(path: Path, module: nn.Module, x: torch.Tensor) -> Path:
    torch.manual_seed(0)
    torch.export.save(torch.export.export(module.eval(), (x,)), path)
    return path


def layers() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 8)).bfloat16()


@dataclass(frozen=True)
class Row:
    """A noisy source model, and what computes it more exactly."""

    name: str
    make: Callable[[Path], Path]
    measured_by: str
    inputs: Mapping[str, Array] | None = None


ROWS = [
    Row("m.onnx", lambda path: two_layers(path, ml_dtypes.bfloat16), "in float32"),
    Row("lstm.onnx", lstm, "with dequantized LSTM weights"),
    Row("spectrum.onnx", spectrum, "without optimizations", {"x": tones()}),
    Row("table.onnx", looked_up, "in float64", {"i": np.arange(40)}),
    Row("m.pt2", lambda path: exported(path, layers(), torch.randn(2, 64).bfloat16()), "in float32"),
    Row("autocast.pt2", lambda path: exported(path, Autocast(), torch.randn(2, 64)), "in float32"),
    Row("spectrum.pt2", lambda path: exported(path, Spectrum(), torch.from_numpy(tones())), "in float64"),
]


Made: TypeAlias = tuple[Row, Graph, Source]


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row.name)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A noisy source model and what it was converted to."""
    row: Row = request.param
    path = row.make(tmp_path_factory.mktemp("noise") / row.name)
    if path.suffix == ".pt2":
        model = TorchModel(path)
        return row, model.convert(), model.source()
    return row, convert(path), OnnxSource(path)


def verified(row: Row, graph: Graph, source: Source) -> Verification:
    return verify(graph, source, reference.run, tolerance=TOLERANCE, inputs=row.inputs)


def test_a_right_conversion_is_within_the_noise(made: Made) -> None:
    row = made[0]
    (difference,) = verified(*made).differences
    assert difference.relative > TOLERANCE
    assert difference.verdict == "noise"
    assert difference.noise is not None
    assert difference.noise.measured_by.endswith(row.measured_by)
    assert difference.noise.relative > TOLERANCE


def weights(graph: Graph) -> list[Operand]:
    """The constants that matter: floating point, and more than one number."""
    return [operand for operand in graph.constants if operand.size > 1]


@pytest.mark.parametrize("change", ["all by 1 %", "one column by 10 %", "one column shifted"])
def test_a_wrong_conversion_differs_whatever_the_noise(made: Made, change: str) -> None:
    row, graph, source = made
    for operand in weights(graph):
        array = graph.constants[operand].astype(np.float64)
        column = min(10, array.shape[-1] - 1)  # of a spectrum, one that holds a tone
        if change == "all by 1 %":
            array = array * 1.01 + (operand.data_type == "int8")
        elif change == "one column by 10 %":
            array[..., column] *= 1.1
            array[..., column] += operand.data_type == "int8"
        else:
            array[..., column] = array[..., column - 1]
        array = array.clip(*operand.data_type.range) if not operand.data_type.is_float else array
        wrong = replace(graph, constants={**graph.constants, operand: array.astype(operand.data_type.numpy)})
        result = verified(row, wrong, source)
        assert [difference.verdict for difference in result.differences] == ["DIFFERS"], operand
        assert not result.ok
        assert result.first is not None

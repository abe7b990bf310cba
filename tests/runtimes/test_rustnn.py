"""rustnn computes legalized graphs as the reference does: every row of the operators, and shapes that its loader does not infer."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.targets.cases import CASES as GRAPHS
from tests.targets.cases import Build
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ExecutionError, RuntimeUnavailable, WebNNError
from webnn_graph.feeds import seeded
from webnn_graph.graph import Operand
from webnn_graph.runtimes import reference, rustnn
from webnn_graph.targets.rustnn.loader import NEED_SHAPES, SHAPELESS

SLACK = 32
"""How many times a row's tolerance rustnn may differ: ONNX Runtime computes transcendental functions and sums its own way."""


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest) -> None:
    if "rustnn" in request.keywords:
        pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")


@pytest.mark.rustnn
@pytest.mark.parametrize("case", [case for case in CASES if not case.error], ids=str)
def test_row(case: Case) -> None:
    b = GraphBuilder(case.op)
    graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    expected = list(reference.run(graph, case.feeds()).values())
    if not case.rustnn:
        case.compare(list(rustnn.run(graph, case.feeds()).values()), slack=SLACK, expected=expected)
        return
    with pytest.raises((AssertionError, WebNNError)):  # else it is no longer said rightly to differ
        case.compare(list(rustnn.run(graph, case.feeds()).values()), slack=SLACK, expected=expected)


@pytest.mark.rustnn
@pytest.mark.parametrize("build", GRAPHS.values(), ids=GRAPHS)
def test_graph(build: Build) -> None:
    b = GraphBuilder()
    agrees(b, build(b))


# ------------------------------------------------------------------------------------------------------------------ shapes
def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def indices(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.int32).reshape(shape) % 2


def truth(b: GraphBuilder, x: Operand, op: str) -> Operand:
    flags = b.greater(x, 0.0)
    return b.cast(b.logicalNot(flags) if op == "logicalNot" else b.call(op, flags, flags), "float32")


PRODUCERS: dict[str, Callable[[GraphBuilder, Operand], Operand]] = {
    **{op: lambda b, x, op=op: b.call(op, x) for op in ("clamp", "elu", "hardSigmoid", "hardSwish", "leakyRelu", "roundEven")},
    **{op: lambda b, x, op=op: truth(b, x, op) for op in ("logicalAnd", "logicalNot", "logicalOr", "logicalXor")},
    **{op: lambda b, x, op=op: b.call(op, b.abs(x), axes=[]) for op in sorted(SHAPELESS) if op.startswith("reduce")},
    **{op: lambda b, x, op=op: b.cast(b.call(op, b.reshape(x, [1, 4, 4, 6, 1]), 4), "float32") for op in ("argMax", "argMin")},
    "batchNormalization": lambda b, x: b.batchNormalization(x, weight(4), np.ones(4, np.float32), scale=weight(4)),
    "conv2d": lambda b, x: b.conv2d(x, weight(4, 4, 1, 1)),
    "convTranspose2d": lambda b, x: b.convTranspose2d(x, weight(4, 4, 1, 1)),
    "gather": lambda b, x: b.gather(x, indices(4), axis=2),
    "gatherElements": lambda b, x: b.gatherElements(x, indices(1, 4, 4, 6), axis=1),
    "gatherND": lambda b, x: b.reshape(b.gatherND(x, indices(2, 1) * 0), [2, 4, 4, 6]),
    "gru": lambda b, x: b.reshape(b.gru(b.reshape(x, [1, 4, 24]), weight(1, 72, 24), weight(1, 72, 24), 1, 24)[0], [1, 4, 4, 6]),
    "instanceNormalization": lambda b, x: b.instanceNormalization(x, bias=weight(4)),
    "layerNormalization": lambda b, x: b.layerNormalization(x, scale=weight(6), axes=[3]),
    "lstm": lambda b, x: b.reshape(b.lstm(b.reshape(x, [1, 4, 24]), weight(1, 96, 24), weight(1, 96, 24), 1, 24)[1], [1, 4, 4, 6]),
    "lstmCell": lambda b, x: b.reshape(
        b.lstmCell(b.reshape(x, [4, 24]), weight(96, 24), weight(96, 24), weight(4, 24), weight(4, 24), 24)[0], [1, 4, 4, 6]
    ),
    "pad": lambda b, x: b.pad(x, [0, 0, 1, 0], [0, 0, 0, 2]),
    "prelu": lambda b, x: b.prelu(x, weight(6)),
    "resample2d": lambda b, x: b.resample2d(x, sizes=[4, 12]),
    "scatterElements": lambda b, x: b.scatterElements(x, indices(1, 1, 4, 6), weight(1, 1, 4, 6), axis=1),
    "scatterND": lambda b, x: b.scatterND(x, np.array([[0, 2]], np.int32), weight(1, 4, 6)),
    "split": lambda b, x: b.split(x, 2, axis=2)[1],
    "strided slice": lambda b, x: b.slice(x, [0, 0, 0, 0], [1, 4, 4, 6], strides=[1, 1, 2, 1]),
    "triangular": lambda b, x: b.triangular(x),
    "sum of unlike shapes": lambda b, x: b.add(b.elu(x), weight(1, 6)),
}
CONSUMERS: dict[str, Callable[[GraphBuilder, Operand], Operand]] = {
    **{op: lambda b, x, op=op: b.call(op, x) for op in ("averagePool2d", "l2Pool2d", "maxPool2d", "reverse", "instanceNormalization")},
    "batchNormalization": lambda b, x: b.batchNormalization(x, weight(x.shape[1]), np.ones(x.shape[1], np.float32)),
    "dequantizeLinear": lambda b, x: b.dequantizeLinear(b.cast(x, "int8"), *blocks(x)),
    "expand": lambda b, x: b.expand(b.slice(x, [0, 0, 0, 0], [1, *x.shape[1:]]), [3, *x.shape[1:]]),
    "gather": lambda b, x: b.gather(x, indices(3), axis=2),
    "gatherElements": lambda b, x: b.gatherElements(x, indices(x.shape[0], x.shape[1], 2, x.shape[3]), axis=2),
    "gatherND": lambda b, x: b.gatherND(x, indices(2, 2) * 0),
    "gru": lambda b, x: b.gru(b.reshape(x, [1, -(-x.size // 4), 4]), weight(1, 9, 4), weight(1, 9, 3), 1, 3)[0],
    "layerNormalization": lambda b, x: b.layerNormalization(x),
    "lstm": lambda b, x: b.lstm(b.reshape(x, [1, -(-x.size // 4), 4]), weight(1, 12, 4), weight(1, 12, 3), 1, 3)[0],
    "pad": lambda b, x: b.pad(x, [0, 1, 0, 0], [0, 0, 2, 0], value=7),
    "quantizeLinear": lambda b, x: b.cast(b.quantizeLinear(x, *blocks(x)), "int32"),
    "resample2d": lambda b, x: b.resample2d(x, mode="linear", scales=[2, 2]),
    "slice": lambda b, x: b.slice(x, [0, 1, 0, 1], [1, 1, 2, 3]),
    "split": lambda b, x: b.concat(b.split(x, 2, axis=1), 3),
}


def blocks(x: Operand) -> tuple[np.ndarray, np.ndarray]:
    shape = (1, x.shape[1], 1, x.shape[3] // 2)
    return np.full(shape, 0.1, np.float32), np.full(shape, 3, np.int8)


def test_every_operator_of_the_loader_is_tried() -> None:
    assert set(PRODUCERS) >= SHAPELESS
    assert set(CONSUMERS) <= NEED_SHAPES


@pytest.mark.rustnn
@pytest.mark.parametrize("producer", PRODUCERS)
def test_shapes(producer: str) -> None:
    b = GraphBuilder()
    made = PRODUCERS[producer](b, b.input("x", "float32", [1, 4, 4, 6]))
    after = b.relu(made)  # which hands on what it does not know
    outputs = {name: consume(b, made) for name, consume in CONSUMERS.items()}
    agrees(b, outputs | {f"{name}_later": consume(b, after) for name, consume in CONSUMERS.items()})


def agrees(b: GraphBuilder, outputs: dict[str, Operand]) -> None:
    graph = b.build(outputs)
    inputs = seeded(graph.inputs)
    computed = rustnn.run(graph, inputs)
    for name, expected in reference.run(graph, inputs).items():
        assert computed[name].dtype == expected.dtype
        np.testing.assert_allclose(computed[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


# ---------------------------------------------------------------------------------------------------------------- failures
def test_without_pywebnn_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webnn", None)
    b = GraphBuilder()
    graph = b.build({"y": b.relu(b.input("x", "float32", [2]))})
    with pytest.raises(RuntimeUnavailable, match="pywebnn") as raised:
        rustnn.run(graph, {"x": np.zeros(2, np.float32)})
    assert "webnn-convert[rustnn]" in raised.value.hint


@pytest.mark.rustnn
def test_a_refused_graph_is_an_error_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.reshape(b.input("x", "int4", [2]), [1, 2])})
    with pytest.raises(ExecutionError, match="rustnn failed to"):
        rustnn.run_raw(graph, {"x": np.zeros(2, np.int8)})
    assert capfd.readouterr().err == ""


@pytest.mark.rustnn
def test_inputs_must_fit() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.relu(b.input("x", "float32", [2]))})
    with pytest.raises(ExecutionError, match="float64"):
        rustnn.run(graph, {"x": np.zeros(2)})

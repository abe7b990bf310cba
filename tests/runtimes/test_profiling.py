"""What calls cost: what is measured, and that a browser measures it. No time is compared with anything."""

from __future__ import annotations

import math

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import WebNNError
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph
from webnn_graph.progress import Progress
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.runtimes.profiling import TOGETHER, loaded, part, pieces, profile, rising
from webnn_graph.runtimes.timing import timed

NAN = math.nan


def branches() -> Graph:
    """A scalar, two results of one call, a constant that only one call reads, and an input that none does."""
    b = GraphBuilder()
    x, _ = b.input("x", "float32", [2, 6]), b.input("unread", "float32", [3])
    first, second = b.split(x, 2, axis=1)
    total = b.reduceSum(b.mul(first, np.arange(6, dtype=np.float32).reshape(2, 3)))
    return b.build({"y": b.add(b.tanh(second), total), "z": b.cast(first, "int32")})


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], []),
        ([1, 2, 3], [1, 2, 3]),
        ([1, 3, 2, 4], [1, 2.5, 2.5, 4]),
        ([4, 2, 0], [2, 2, 2]),
        ([0, 3, 2, 1], [0, 2, 2, 2]),
        ([NAN, 1, NAN, 2], [0, 1, 1, 2]),
    ],
)
def test_no_total_is_less_than_one_before_it(times: list[float], expected: list[float]) -> None:
    assert rising(times) == expected


def test_a_part_computes_what_the_graph_does() -> None:
    graph = branches()
    feeds = seeded(graph.inputs)
    known = dict(reference.values(graph, feeds)) | {o: feeds[o.name] for o in graph.inputs}
    for end in range(len(graph.nodes) + 1):
        for first in range(end):
            cut = part(graph, first, end)
            assert cut.nodes[: end - first] == graph.nodes[first:end]
            found = reference.run(cut, {operand.name: known[operand] for operand in cut.inputs})
            unread = {o for n in cut.nodes[: end - first] for o in n.outputs} - {o for n in graph.nodes[first:end] for o in n.operands}
            expected = {known[operand].ravel()[0] for operand in unread}
            assert {array.item() for array in found.values()} == expected


def test_a_part_without_calls_cuts_the_inputs() -> None:
    graph = branches()
    assert [node.op for node in part(graph, 0, 0).nodes] == ["slice", "slice"]


def test_pieces_are_all_calls_in_order_and_begin_with_no_activation() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [4, 4])
    for i in range(2 * TOGETHER):
        x = b.relu(b.matmul(x, x)) if i % 3 else b.matmul(x, x)
    graph = b.build({"y": x})
    found = list(pieces(graph))
    assert [i for first, end in found for i in range(first, end)] == list(range(len(graph.nodes)))
    assert {graph.nodes[first].op for first, _ in found} == {"matmul"}
    assert len(found) > 1


def test_large_weights_are_measured_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webnn_graph.runtimes.profiling.WEIGHTS_TOGETHER", 64)
    b = GraphBuilder()
    x = b.input("x", "float32", [4, 4])
    for i in range(3):
        x = b.matmul(x, b.constant(np.eye(4) + i, "float32"))
    assert list(pieces(b.build({"y": x}))) == [(0, 1), (1, 2), (2, 3)]


def test_what_is_computed_once_is_no_call() -> None:
    b = GraphBuilder()
    q, scale = np.arange(-32, 32, dtype=np.int8).reshape(8, 8), np.float32(0.5)
    w = b.dequantizeLinear(b.constant(q), b.constant([[scale]], "float32"), b.constant([[3]], "int8"))
    graph = b.build({"y": b.matmul(b.input("x", "float32", [2, 8]), w)})
    assert [node.op for node in graph.nodes] == ["dequantizeLinear", "matmul"]
    found = loaded(graph)
    assert [node.op for node in found.nodes] == ["matmul"]
    x = np.random.default_rng(0).uniform(-1, 1, [2, 8]).astype(np.float32)
    np.testing.assert_allclose(reference.run(found, {"x": x})["y"], x @ ((q.astype(np.float32) - 3) * scale), rtol=1e-5)


def test_runtimes_that_cannot_tell() -> None:
    with pytest.raises(WebNNError, match="rustnn does not tell") as error:
        profile(branches(), runtime="rustnn")
    assert error.value.hint == "use reference or browser"


@pytest.mark.browser
def test_a_browser_tells(browser: BrowserSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webnn_graph.runtimes.profiling.SECONDS", 0.001)
    monkeypatch.setattr("webnn_graph.runtimes.profiling.WHOLE_SECONDS", 0.001)
    seen: list[Progress] = []
    found = profile(branches(), progress=seen.append)
    assert list(found.calls) == list(found.graph.nodes)
    assert all(0 <= cost < math.inf for cost in found.calls.values())
    assert found.whole > 0
    assert seen[-1] == Progress("calls", 1, 1)


@pytest.mark.browser
def test_quantized_images_are_measured_wherever_they_are_cut(browser: BrowserSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chromium crashes at images that are quantized, but not where what they are made of was quantized, too."""
    monkeypatch.setattr("webnn_graph.runtimes.profiling.TOGETHER", 3)
    monkeypatch.setattr("webnn_graph.runtimes.profiling.LEAD", 0)
    monkeypatch.setattr("webnn_graph.runtimes.profiling.SECONDS", 0.001)
    monkeypatch.setattr("webnn_graph.runtimes.profiling.WHOLE_SECONDS", 0.001)
    b = GraphBuilder()
    scale, zero = b.constant(np.full([1] * 4, 0.1), "float32"), b.constant(np.zeros([1] * 4), "int8")
    x = b.dequantizeLinear(b.quantizeLinear(b.input("x", "float32", [1, 2, 6, 6]), scale, zero), scale, zero)
    w = b.dequantizeLinear(b.constant(np.ones([16, 2, 3, 3]), "int8"), scale, zero)
    y = b.dequantizeLinear(b.quantizeLinear(b.conv2d(x, w), scale, zero), scale, zero)
    found = profile(b.build({"y": y}))
    assert [node.op for node in found.graph.nodes][3:5] == ["conv2d", "quantizeLinear"]
    assert len(found.calls) == len(found.graph.nodes)


@pytest.mark.browser
def test_what_a_browser_refuses_is_said_of_that_graph_only(browser: BrowserSession) -> None:
    b = GraphBuilder()
    refused = b.build({"y": b.pad(b.input("x", "float32", [2, 3]), [0, 1], [0, 1], mode="edge")})
    right, wrong, again = timed(browser, [branches(), refused, branches()], seconds=0, rounds=3)
    assert wrong.error
    assert not wrong.samples
    assert [len(times.samples) for times in (right, again)] == [3, 3]
    assert min(right.samples) > 0

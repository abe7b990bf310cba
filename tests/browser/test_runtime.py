"""The browser runtime: what it finds, what comes back, and what it says when something fails."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ExecutionError, RuntimeUnavailable
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes.browser import BrowserSession, run
from webnn_graph.runtimes.chromium import VARIABLE, find_browser

PlaywrightError = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").Error
pytestmark = pytest.mark.browser

EXACT = {
    "float32": [0.1, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4e38, 16777217],
    "float16": [0.1, -0.0, np.inf, -np.inf, np.nan, 6e-8, 65504, 2049],
    "int32": [0, -1, 2**31 - 1, -(2**31), 5, 6, 7, 8],
    "uint32": [0, 1, 2**32 - 1, 2**31, 5, 6, 7, 8],
    "int64": [0, -1, 2**63 - 1, -(2**63), 2**53 + 1, 6, 7, 8],
    "uint64": [0, 1, 2**64 - 1, 2**63, 2**53 + 1, 6, 7, 8],
    "int8": [0, -1, 127, -128, 5, 6, 7, 8],
    "uint8": [0, 1, 255, 128, 5, 6, 7, 8],
    "int4": [0, -1, 7, -8, 5, 6, 3, 2],
}


def relu(shape: tuple[int, ...] = (2,)) -> Graph:
    b = GraphBuilder()
    return b.build({"y": b.relu(b.input("x", "float32", shape))})


@pytest.mark.parametrize("data_type", EXACT)
def test_values_travel_exactly(browser: BrowserSession, data_type: str) -> None:
    b = GraphBuilder()
    x = b.input("x", data_type, [8])
    big = b.constant(np.tile(np.array(EXACT[data_type], DataType(data_type).numpy), 3).reshape(3, 8), data_type, "big")
    outputs = {"input": b.reshape(x, [2, 4]), "weight": b.reshape(big, [24]), "inline": b.reshape(_inline(b, data_type), [4, 2])}
    if DataType(data_type).bits != 4:
        outputs["scalar"] = b.reshape(b.constant(np.array(EXACT[data_type][4], DataType(data_type).numpy), data_type), [1])
    graph = b.build(outputs)
    values = np.array(EXACT[data_type], DataType(data_type).numpy)
    computed = browser.run(graph, {"x": values})
    for name, expected in {"input": values, "weight": np.tile(values, 3), "inline": values, "scalar": values[4:5]}.items():
        if name in computed:
            assert computed[name].dtype == expected.dtype
            assert computed[name].tobytes() == expected.tobytes(), name


def _inline(b: GraphBuilder, data_type: str) -> Operand:
    return b.constant(np.array(EXACT[data_type], DataType(data_type).numpy), data_type)


def test_one_model_computes_many_times(browser: BrowserSession) -> None:
    with browser.load(relu()) as model:
        for i in range(5):
            np.testing.assert_array_equal(model.compute({"x": np.array([i, -i], np.float32)})["y"], [i, 0])


def test_inputs_that_nothing_reads_and_awkward_names(browser: BrowserSession) -> None:
    b = GraphBuilder("*/ </script> \u2028")
    b.input("unused", "int64", [3])
    with b.source("\"'</script>\n"):
        y = b.add(b.input("class", "float32", [2]), b.input("__proto__", "float32", [2]))
    graph = b.build({"new": y, "constructor": b.neg(y)})
    inputs = {"unused": np.zeros(3, np.int64), "class": np.ones(2, np.float32), "__proto__": np.ones(2, np.float32)}
    computed = browser.run(graph, inputs)
    np.testing.assert_array_equal(computed["new"], [2, 2])
    np.testing.assert_array_equal(computed["constructor"], [-2, -2])


def test_no_inputs(browser: BrowserSession) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.neg(b.constant(np.arange(3, dtype=np.float32)))})
    np.testing.assert_array_equal(browser.run(graph, {})["y"], [0, -1, -2])


def test_large_graphs_and_weights(browser: BrowserSession) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 2048])
    w = b.constant(np.eye(2048, dtype=np.float32), name="w")  # 16 MiB
    y = b.matmul(x, w)
    for _ in range(5_000):
        y = b.neg(b.abs(y))
    values = np.arange(2048, dtype=np.float32)[None]
    np.testing.assert_array_equal(browser.run(b.build({"y": y}), {"x": values})["y"], -values)


# ------------------------------------------------------------------------------------------------------------------ failures
def test_a_refused_graph_is_an_error_and_the_next_one_runs(browser: BrowserSession) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.pad(b.input("x", "float32", [2]), [1], [1], mode="edge")})
    with pytest.raises(ExecutionError, match="failed to load the model"):
        browser.run_raw(graph, {"x": np.ones(2, np.float32)})
    np.testing.assert_array_equal(browser.run(graph, {"x": np.array([1, 2], np.float32)})["y"], [1, 1, 2, 2])


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, "x: float32"),
        ({"x": np.ones(2, np.float32), "z": np.ones(2, np.float32)}, "'z'"),
        ({"x": np.ones(3, np.float32)}, r"\[3\]"),
        ({"x": np.ones(2, np.float64)}, "float64"),
    ],
)
def test_inputs_must_fit(browser: BrowserSession, inputs: dict[str, Array], expected: str) -> None:
    with pytest.raises(ExecutionError, match=expected):
        browser.run(relu(), inputs)


def test_a_model_that_takes_too_long_is_an_error(browser: BrowserSession) -> None:
    b = GraphBuilder()
    y = b.input("x", "float32", [1024, 1024])
    for _ in range(60):
        y = b.matmul(y, y)
    graph = b.build({"y": y})

    with (
        BrowserSession(browser.chromium.executable, timeout=0.3) as session,
        pytest.raises(ExecutionError, match=r"no answer after 0\.3 s"),
    ):
        session.run_raw(graph, {"x": np.zeros((1024, 1024), np.float32)})


def test_a_crash_is_an_error(browser: BrowserSession) -> None:
    values = np.array([-1, 1], np.float32)

    with BrowserSession(browser.chromium.executable, timeout=20) as session:
        with session.load(relu()) as model:
            session.chromium._do(lambda: _crash(model.page))
            with pytest.raises(ExecutionError, match="failed to compute the model: .*crash"):
                model.compute({"x": values})
        np.testing.assert_array_equal(session.run(relu(), {"x": values})["y"], [0, 1])


def _crash(page: Any) -> None:
    with suppress(PlaywrightError):
        page.goto("chrome://crash", timeout=5000)


def test_the_browser_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen, named = tmp_path / "chosen", tmp_path / "google-chrome"
    for path in (chosen, named):
        path.touch(mode=0o755)
    monkeypatch.setenv(VARIABLE, str(chosen))
    assert find_browser(named) == named
    assert find_browser() == chosen
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() == named
    with pytest.raises(RuntimeUnavailable, match="does not exist") as raised:
        find_browser(tmp_path / "absent")
    assert VARIABLE in raised.value.hint


def test_a_browser_without_webnn_is_unavailable(browser: BrowserSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webnn_graph.runtimes.chromium.FLAGS", ("--no-sandbox", "--disable-features=WebMachineLearningNeuralNetwork"))
    with pytest.raises(RuntimeUnavailable, match=r"no working WebNN: navigator\.ml is missing"):
        run(relu(), {}, browser=browser.chromium.executable)


def test_something_that_is_no_browser_is_unavailable() -> None:
    with pytest.raises(RuntimeUnavailable, match="does not start"):
        run(relu(), {}, browser=shutil.which("false"))


def test_inside_an_event_loop(browser: BrowserSession) -> None:
    async def main() -> dict[str, Array]:
        return run(relu(), {"x": np.array([-1, 1], np.float32)}, browser=browser.chromium.executable)

    np.testing.assert_array_equal(asyncio.run(main())["y"], [0, 1])

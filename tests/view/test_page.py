"""The page: what it says of a graph, that names in it stay text, and what colours it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.view.graphs import Page, chain
from webnn_graph.builder import GraphBuilder
from webnn_graph.diff import diff
from webnn_graph.errors import FormatError, RuntimeUnavailable, Where
from webnn_graph.graph import Graph
from webnn_graph.targets import load_target
from webnn_graph.view import Mark, Overlay, diff_page, inline, page
from webnn_graph.view.overlays import read_document, refusals, times, verification, versions
from webnn_graph.view.scene import SAMPLE, scene

pytest.importorskip("fast_sugiyama", reason="fast-sugiyama is not installed")
HOSTILE = "</script><script>alert(1)</script><!--<script>'\"`${x}&amp;\u2028\x00"


def weighted(values: Any, data_type: str = "float32") -> Graph:
    b = GraphBuilder("weighted")
    x = b.input("x", data_type, np.shape(values))
    return b.build({"y": b.add(x, b.constant(np.asarray(values, data_type)))})


def test_a_page_needs_nothing_else() -> None:
    found = Page(page(chain("a", "b")))
    assert found.loads == []
    (script,) = found.scripts["module"]
    assert found.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert b64encode(sha256(script.encode()).digest()).decode() in found.policy
    assert not re.search(r"\bimport\b .*from|^export ", script, re.MULTILINE)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(|XMLHttp", script)


@pytest.mark.parametrize("where", ["label", "name", "overlay"])
def test_names_are_text(where: str) -> None:
    graph = chain(HOSTILE if where == "label" else "a", name=HOSTILE if where == "name" else "graph")
    overlay = Overlay(HOSTILE, {graph.nodes[0].outputs[0].name: Mark(1.0, HOSTILE)})
    text = page(graph, [overlay] if where == "overlay" else [])
    found = Page(text)
    assert {kind: len(scripts) for kind, scripts in found.scripts.items()} == {"application/json": 1, "module": 1}
    (read,) = found.data["scenes"]
    assert (
        HOSTILE in {"label": [read["nodes"][0]["label"]], "name": [read["name"]], "overlay": [o["title"] for o in read["overlays"]]}[where]
    )
    assert "alert(1)</script>" not in text
    assert "<script" not in inline(graph)


def test_names_without_a_spelling_in_utf8_are_replaced() -> None:
    assert "<title>half ?</title>" in page(chain("a\udfff", name="half \ud800"))
    inline(chain("a", name="\ud800")).encode()


def test_a_scene_says_all_of_a_call() -> None:
    b = GraphBuilder("conv")
    x = b.input("x", "float32", [1, 1, 4, 4])
    with b.source("/block/Conv"):
        y = b.conv2d(x, b.constant(np.ones((2, 1, 3, 3), np.float32)), bias=b.constant(np.ones(2, np.float32)), padding=[1, 1, 1, 1])
    read = scene(b.build({"y": y}))
    (node,) = read["nodes"]
    names = {number: operand["name"] for number, operand in enumerate(read["operands"])}
    assert (node["op"], node["kind"], node["label"], node["arguments"]["padding"]) == ("conv2d", "convolution", "/block/Conv", [1, 1, 1, 1])
    assert names[node["arguments"]["input"]["operand"]] == "x"
    assert str(node["arguments"]["filter"]["operand"]) in read["weights"]
    assert [names[number] for number in node["outputs"]] == ["y"]


STATISTICS: dict[str, tuple[Any, dict[str, Any]]] = {
    "range": ([1.0, 2.0, 3.0, 6.0], {"min": 1.0, "max": 6.0, "mean": 3.0, "zeros": 0, "nonfinite": 0, "values": [1.0, 2.0, 3.0, 6.0]}),
    "one value": (np.zeros(20), {"min": 0.0, "max": 0.0, "deviation": 0.0, "zeros": 20}),
    "no number": ([np.nan, np.inf, 1.0, 3.0], {"min": 1.0, "max": 3.0, "nonfinite": 2, "values": ["nan", "inf", 1.0, 3.0]}),
    "nothing finite": ([np.nan, np.nan], {"nonfinite": 2, "sampled": 2}),
    "integers that JavaScript lacks": (
        np.array([2**63 - 1, -(2**63), 2**53]),
        {"min": str(-(2**63)), "max": str(2**63 - 1), "values": [str(2**63 - 1), str(-(2**63)), 2**53]},
    ),
    "huge": ([3e38, -3e38, 3e38, 3e38], {"min": -3e38, "max": 3e38, "mean": 1.5e38}),
}


@pytest.mark.parametrize(("values", "expected"), STATISTICS.values(), ids=STATISTICS)
def test_statistics_of_weights(values: Any, expected: dict[str, Any]) -> None:
    integers = np.asarray(values).dtype == np.int64
    read = scene(weighted(values, "int64" if integers else "float32"))
    (found,) = read["weights"].values()
    for name, value in expected.items():
        assert found[name] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
    json.dumps(read, allow_nan=False)


def test_statistics_of_a_large_weight_are_of_a_sample() -> None:
    values = np.arange(4 * SAMPLE, dtype=np.float32)
    (found,) = scene(weighted(values))["weights"].values()
    assert found["sampled"] == SAMPLE
    assert sum(found["histogram"]) == SAMPLE
    assert found["mean"] == pytest.approx(values.mean(dtype=np.float64), rel=1e-4)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fast_sugiyama", None)
    with pytest.raises(RuntimeUnavailable, match=r"webnn-convert\[view\]"):
        page(chain("a", "b"))


# --------------------------------------------------------------------------------------------------------------- overlays
def row(name: str, relative: Any, tolerance: float, verdict: str = "ok") -> dict[str, Any]:
    return {"name": name, "relative": relative, "tolerance": tolerance, "verdict": verdict}


LEVELS = {
    "exact": (row("y", 0.0, 1e-4), 0.0),
    "at the tolerance": (row("y", 1e-4, 1e-4), 0.5),
    "ten times it": (row("y", 1e-3, 1e-4, "DIFFERS"), 0.5 + 1 / 6),
    "far above": (row("y", 1e9, 1e-4, "DIFFERS"), 1.0),
    "infinite": (row("y", "Infinity", 1e-4, "DIFFERS"), 1.0),
    "negative": (row("y", -1e9, -1e-4), 1.0),
    "beyond a float": (row("y", 10**400, 1e-4), 1.0),
    "no number": (row("y", float("nan"), 1e-4), 1.0),
    "an integer": (row("y", 0.0, 0.0), 0.0),
    "a wrong integer": (row("y", 5.0, 0.0, "DIFFERS"), 0.5 + np.log10(5) / 6),
}


@pytest.mark.parametrize(("difference", "level"), LEVELS.values(), ids=LEVELS)
def test_verification_is_coloured_by_the_tolerance(difference: dict[str, Any], level: float) -> None:
    assert verification({"differences": [difference]}, Where()).marks["y"].level == pytest.approx(level)


def test_times_are_shares() -> None:
    marks = times({"milliseconds": {"a": 4.0, "b": 1.0}}, Where()).marks
    assert {name: (mark.level, mark.text) for name, mark in marks.items()} == {
        "a": (1.0, "4 ms, 80.0% of all"),
        "b": (0.5, "1 ms, 20.0% of all"),
    }


@pytest.mark.parametrize("read", [verification, times])
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"differences": [1]},
        {"milliseconds": {"a": -1}},
        {"milliseconds": {"a": float("inf")}},
        {"milliseconds": {"a": 10**400}},
        {"milliseconds": [], "differences": {}},
    ],
)
def test_other_documents_are_refused(read: Any, document: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match=r"file\.json: .* has an? (list|object)"):
        read(document, Where(file="file.json"))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b"{'a': 1}"])
def test_files_without_an_object_are_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    with pytest.raises(FormatError, match="is no JSON object"):
        read_document(file)


def test_refusals_say_whether_they_are_mended() -> None:
    b = GraphBuilder()
    x = b.input("x", "int64", [2])
    found = refusals(b.build({"y": b.add(x, x)}), load_target("portable"))
    assert {name: mark.level for name, mark in found.marks.items()} == {"x": "warning", "y": "warning"}


def test_versions_are_coloured_by_what_happened() -> None:
    first, second = chain("a", "b", "c"), chain("a", "b", "d")
    before, after = versions(diff(first, second))
    assert [mark.level for mark in before.marks.values()] == [mark.level for mark in after.marks.values()] == []
    first, second = chain("a", "b", "c"), chain("a", "b")
    before, after = versions(diff(first, second))
    assert [mark.level for mark in before.marks.values()] == ["removed"]


def test_two_versions_stand_side_by_side() -> None:
    before, after = chain("a", "b"), chain("a", "b", "c")
    text = diff_page(before, after, diff(before, after), ("old.webnn", "new.webnn"))
    assert text.count("<canvas") == text.count("<figcaption") == 2
    assert Page(text).data["pairs"] == [[0, 0], [1, 1]]

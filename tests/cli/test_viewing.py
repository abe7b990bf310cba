"""``webnn view`` and ``webnn diff``, and what colours a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from converters.commands.console import REFUSED
from tests.view.graphs import Page
from webnn_graph import load

pytest.importorskip("fast_sugiyama", reason="fast-sugiyama is not installed")
Invoke = Callable[..., Result]


def titles(file: str) -> list[str]:
    return [overlay["title"] for scene in Page(Path(file).read_text("utf-8")).data["scenes"] for overlay in scene["overlays"]]


def test_a_graph_and_its_source_have_the_same_picture(model: Path, graph: Path, invoke: Invoke) -> None:
    size = load(graph).inputs[0].shape[0]
    for what, options in ((graph, []), (model, ["--dim", f"batch={size}"])):
        result = invoke("webnn", "view", what, *options, "-o", f"{what.suffix[1:]}.html")
        assert result.exit_code == 0, result.output
    scenes = [Page(Path(f"{kind}.html").read_text("utf-8")).data["scenes"] for kind in ("webnn", "onnx")]
    assert scenes[0] == scenes[1]


def test_a_picture_is_opened_unless_it_is_told_where_to_go(graph: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("webnn_graph.window._has_window", lambda: True)
    monkeypatch.setattr("webbrowser.open", seen.append)
    assert invoke("webnn", "view", graph, "-o", "here.html").exit_code == 0
    assert seen == []
    result = invoke("webnn", "view", graph)
    assert result.exit_code == 0
    (address,) = seen
    assert address.removeprefix("file://") in result.output


def test_what_was_measured_colours_a_picture(model: Path, graph: Path, invoke: Invoke) -> None:
    report = invoke("webnn", "verify", graph, "--against", model, "--each-node", "--json")
    Path("report.json").write_text(report.stdout)
    assert invoke("webnn", "run", graph, "--times", "times.json").exit_code == 0
    colours = ("--times", "times.json", "--verify-report", "report.json", "--target", "portable")
    result = invoke("webnn", "view", graph, *colours, "-o", "page.html")
    assert result.exit_code == 0, result.output
    assert titles("page.html") == ["what portable does not take", "time", "verification error"]
    times = json.loads(Path("times.json").read_text())["milliseconds"]
    assert list(times) == [node.outputs[0].name for node in load(graph).nodes]


def test_what_calls_cost_colours_a_picture(graph: Path, invoke: Invoke) -> None:
    profile = ("webnn", "profile", graph, "--runtime", "reference", "--times", "times.json")
    found = json.loads(invoke(*profile, "--json").stdout)
    saved = json.loads(Path("times.json").read_text())["milliseconds"]
    assert {call["name"]: call["milliseconds"] for call in found["calls"]} == saved
    assert sum(call["share"] for call in found["calls"]) == pytest.approx(1)
    assert invoke(*profile).exit_code == REFUSED
    assert invoke("webnn", "view", graph, "--times", "times.json", "-o", "page.html").exit_code == 0
    assert titles("page.html") == ["time"]


def test_diff(model: Path, graph: Path, invoke: Invoke) -> None:
    same = invoke("webnn", "diff", graph, graph)
    assert (same.exit_code, same.stdout) == (0, "2 operators alike, 0 removed, 0 added, 0 changed\n")
    invoke("onnx2webnn", model, "--dim", "batch=2", "--output", "/fc/sum", "--name", "other")
    cut = invoke("webnn", "diff", graph, "other.webnn", "-o", "page.html", "--json")
    found = json.loads(cut.stdout)
    assert (cut.exit_code, found["equal"], [node["operator"] for node in found["nodes"]["removed"]]) == (3, False, ["relu"])
    assert titles("page.html") == ["what differs", "what differs"]


def refused(result: Result) -> str:
    assert result.exit_code in (1, 2), result.output
    return result.stderr


def test_wrong_files(model: Path, graph: Path, invoke: Invoke) -> None:
    Path("times.json").write_text('{"milliseconds": {"nothing": 1}}')
    Path("there.html").touch()
    assert "says nothing of the tensors" in refused(invoke("webnn", "view", graph, "--times", "times.json", "-o", "page.html"))
    assert "list of differences" in refused(invoke("webnn", "view", graph, "--verify-report", "times.json", "-o", "page.html"))
    assert "already exists" in refused(invoke("webnn", "view", graph, "-o", "there.html"))
    assert "never written over" in refused(invoke("webnn", "view", model, "--dim", "batch=1", "-o", model, "--force"))
    assert "reference runtime only" in refused(invoke("webnn", "run", graph, "--runtime", "rustnn", "--times", "t.json"))
    assert {path.name for path in Path().glob("*.html")} == {"there.html"}

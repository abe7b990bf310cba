"""Weights of fewer bits, as a user asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from webnn_graph import load, save
from webnn_graph.graph import Graph
from webnn_graph.quantization import Quantized

Invoke = Callable[..., Result]
NAME = "/fc/MatMul"


def fails(result: Result, status: int, text: str) -> None:
    """Checks how a command ended."""
    assert result.exit_code == status, result.output
    assert text in result.output


@pytest.fixture
def wide(graph: Path) -> Path:
    """The graph with a weight of 64 rows, which has channels that are worth rounding."""
    from tests.quantization.layers import LAYERS, graph_of

    path = graph.with_name("wide.webnn")
    save(graph_of(LAYERS["matmul"][0]), path)
    return path


def test_a_graph_says_what_rounding_saves_and_changes(wide: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "quantize", wide, "--verify", "--weights", "int4", "--target", "chromium")
    assert result.exit_code == 0, result.output
    graph = load("wide_int4.webnn")
    assert [str(o.data_type) for o in graph.constants] == ["int4", "float32", "int4"]
    assert "int4: 1 of 1 weight, 12.3 kB became" in result.output
    for text in ("what rounding changes", "the layers that lose most", "/layer", "dB", "original"):
        assert text in result.output


def test_json_has_all_of_that(wide: Path, invoke: Invoke) -> None:
    document = json.loads(invoke("webnn", "quantize", wide, "--json", "--verify").stdout)
    about = document["quantization"]
    assert about["weights"] == "int8"
    assert about["graphs"][0]["bytes"] < about["graphs"][0]["bytes_before"] == 64 * 48 * 4
    assert [(layer["name"], layer["operator"], layer["type"]) for layer in about["layers"]] == [("/layer", "matmul", "int8")]
    assert 35 < about["layers"][0]["snr"] < 60
    assert about["layers"][0]["snr"] == pytest.approx(about["outputs"][0]["snr"])
    verification = document["graphs"][0]["verification"]
    assert verification["ok"] and verification["conversion"] is None
    assert verification["original"][0]["relative"] == pytest.approx(about["outputs"][0]["relative"], rel=0.1)


@pytest.mark.parametrize("sizes", ["2", "2,5"])
def test_a_conversion_is_verified_before_and_after(model: Path, invoke: Invoke, sizes: str) -> None:
    """Its weight has few rows, so that only halves are rounded."""
    options = ("--dim", f"batch={sizes}", "--weights", "float16", "--verify", "--json")
    result = invoke("onnx2webnn", model, *options)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [len(graph["rounded"]) for graph in document["quantization"]["graphs"]] == [1] * len(sizes.split(","))
    for graph in document["graphs"]:
        found = graph["verification"]
        assert found["ok"] and found["conversion"]["ok"] and found["conversion"]["against"].startswith("ONNX Runtime")
        assert 1e-6 < found["original"][0]["relative"] < 5e-3


def test_what_is_written_wrong_is_found(wide: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    from converters.commands import quantizing

    def other(graphs: list[Graph], scheme: object) -> list[Quantized]:
        (made,) = real(graphs, scheme)
        wrong = {o: array + array.dtype.type(o.name == "w_scale") for o, array in made.graph.constants.items()}
        return [Wrong(made, wrong)]

    class Wrong(Quantized):
        """A graph that is written with other scales than it is compared with."""

        def __init__(self, made: Quantized, wrong: dict[object, object]) -> None:
            super().__init__(made.graph, made.before, made.weights, made.stays)
            object.__setattr__(self, "wrong", Graph("w", made.graph.inputs, wrong, made.graph.nodes, made.graph.outputs))  # type: ignore[arg-type]

    real = quantizing.quantized
    monkeypatch.setattr(quantizing, "quantized", other)
    monkeypatch.setattr(quantizing.QuantizedGraphs, "graphs", property(lambda self: [part.wrong for part in self.parts]))
    fails(invoke("webnn", "quantize", wide, "--verify"), 3, "DIFFERS")


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (("--keep", "/layr"), 1, "did you mean /layer?"),
        (("--weights", "float32", "--embeddings"), 2, "--keep and --embeddings are for"),
        (("--block-size", "16"), 2, "--block-size is for --weights int4"),
        (("--name", "wide", "-o", "SOURCE"), 1, "is the model itself"),
    ],
)
def test_what_cannot_be_done_is_refused(wide: Path, invoke: Invoke, options: tuple[str, ...], status: int, text: str) -> None:
    given = [str(wide.parent) if option == "SOURCE" else option for option in options]
    fails(invoke("webnn", "quantize", wide, *given), status, text)


def test_layers_that_are_kept_stay(wide: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "quantize", wide, "--keep", "/lay*", "--no-measure")
    fails(result, 0, "w stays: --keep")
    assert [str(o.data_type) for o in load("wide_int8.webnn").constants] == ["float32"]


def test_what_a_target_makes_larger_again_is_said(wide: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "quantize", wide, "--weights", "int4", "--target", "portable", "--no-measure")
    fails(result, 0, "since the target lacks 4 bits; --target chromium keeps them")

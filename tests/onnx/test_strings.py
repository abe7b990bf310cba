"""Strings and maps, which WebNN lacks, at the ends of pipelines: left out, or returned as tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import parser

from converters.commands.workflow import Check
from converters.onnx import convert
from converters.onnx.source import OnnxSource
from webnn_graph.errors import WebNNError

CLASSIFIER = """ml.LinearClassifier <coefficients = [1.0, -0.5, 0.25, 2.0, -1.0, 0.5], intercepts = [0.1, 0.2, 0.3],
    classlabels_strings = ["a", "b", "c"], post_transform = "SOFTMAX"> (x)"""
LABELS = "output label is left out: it is of strings, which WebNN lacks"


def saved(text: str, folder: Path) -> Path:
    """The file of a graph in ONNX's text form."""
    path = folder / "model.onnx"
    text = text.replace("ml.", "ai.onnx.ml.")
    onnx.save(parser.parse_model(f'<ir_version: 8, opset_import: ["": 17, "ai.onnx.ml": 3]> g {text}'), path)
    return path


@pytest.mark.parametrize(
    "text",
    [
        f"(float[4,2] x) => (string[4] label, float[4,3] scores) {{ label, scores = {CLASSIFIER} }}",
        f"""(float[4,2] x) => (string[4] label, float[4,3] scores) {{ raw, s = {CLASSIFIER}
            label = Identity (raw)  scores = ml.Normalizer <norm = "L1"> (s) }}""",
        """(float[4,3] x) => (string[1,4] label, float[4,3] scores) <string[3] names = {"a", "b", "c"}> {
            i = ArgMax <axis = 1, keepdims = 0> (x)  label = ml.ArrayFeatureExtractor (names, i)  scores = Softmax (x) }""",
        """(int64[4] x) => (string[4] label, int64[4] scores) {
            label = ml.LabelEncoder <keys_int64s = [1, 2], values_strings = ["a", "b"]> (x)  scores = Neg (x) }""",
    ],
)
def test_outputs_of_strings_are_left_out(text: str, tmp_path: Path) -> None:
    path = saved(text, tmp_path)
    graph = convert(path)
    assert [operand.name for operand in graph.outputs] == ["scores"]
    assert graph.notes == (LABELS,)
    assert Check().run(graph, OnnxSource(path).of(graph)).ok


def test_maps_are_returned_as_tensors_of_their_values(tmp_path: Path) -> None:
    path = saved(
        f"""(float[4,2] x) => (seq(map(string, float)) maps) {{ label, scores = {CLASSIFIER}
        maps = ml.ZipMap <classlabels_strings = ["a", "b", "c"]> (scores) }}""",
        tmp_path,
    )
    graph = convert(path)
    assert [str(operand) for operand in graph.outputs] == ["maps: float32[4, 3]"]
    assert graph.notes == ("ZipMap:maps makes maps, which WebNN lacks: the graph returns their values, in the order a, b, c",)
    source = OnnxSource(path).of(graph)
    assert Check().run(graph, source).ok
    assert source.run({"x": np.zeros((4, 2), np.float32)}, ["maps"])["maps"].shape == (4, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"(float[4,2] x) => (float y) {{ label, s = {CLASSIFIER}  n = Shape (label)  y = Cast <to = 1> (n) }}", "Shape:n: reads strings"),
        ('(float[2] x) => (bool[1] y) <string[1] s = {"a"}> { y = Equal (s, s) }', "Equal:y: reads strings"),
        ('(float[2] x) => (string[1] y) <string[1] s = {"a"}> { y = Identity (s) }', "no output is left"),
    ],
)
def test_numbers_of_strings_are_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match=message):
        convert(saved(text, tmp_path))

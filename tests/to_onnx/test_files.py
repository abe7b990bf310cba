"""ONNX files as they are written: where their weights are, what they keep, and that reading them gives the same graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from converters.onnx import convert
from tests.formats.graphs import every_operator
from webnn_graph import load, run, save
from webnn_graph.builder import GraphBuilder
from webnn_graph.diff import diff
from webnn_graph.errors import ConversionError, FormatError
from webnn_graph.feeds import complete
from webnn_graph.formats import text
from webnn_graph.formats.table import OPSETS
from webnn_graph.graph import Graph
from webnn_graph.passes import optimize


@pytest.fixture
def graph() -> Graph:
    """Weights of 4, 32 and 16 bits, one of them in two shapes, and constants that stand in the graph itself."""
    random = np.random.default_rng(0)
    b = GraphBuilder("net")
    x = b.input("x", "float32", [2, 64])
    quantized = b.constant(random.integers(-8, 8, (64, 32), np.int8), "int4", "quantized")
    scale = b.constant(random.random((1, 32), np.float32), name="scale")
    weight = b.dequantizeLinear(quantized, scale, b.constant(np.zeros((1, 32), np.int8), "int4", "zero"))
    with b.source("block/dense"):
        y = b.relu(b.add(b.matmul(x, weight), b.constant(random.random(32, np.float32), name="bias")))
    half = b.constant(random.random((32, 20)).astype(np.float16), name="half")
    return b.build({"y": b.softmax(b.cast(b.matmul(b.cast(y, "float16"), half), "float32"), 1)})


def computed(file: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


@pytest.mark.parametrize("most", [None, 1000], ids=["one file", "shards"])
@pytest.mark.parametrize("opset", OPSETS)
def test_weights_are_in_the_safetensors_file(graph: Graph, tmp_path: Path, opset: int, most: int | None) -> None:
    written = save(graph, tmp_path / "m.webnn", tmp_path / "m.onnx", opset=opset, max_shard_size=most)
    model = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    external = {entry.value for tensor in model.graph.initializer for entry in tensor.external_data if entry.key == "location"}
    assert external == {path.name for path in written if path.suffix == ".safetensors"}
    assert model.opset_import[0].version == opset
    onnx.checker.check_model(str(tmp_path / "m.onnx"), full_check=True)
    feeds = complete(graph, {}, 0)
    np.testing.assert_allclose(computed(tmp_path / "m.onnx", feeds)["y"], run(graph, feeds)["y"], atol=1e-3)


def test_packed_elements_stay_packed(graph: Graph, tmp_path: Path) -> None:
    save(graph, tmp_path / "m.onnx")
    (tensor,) = (t for t in onnx.load(tmp_path / "m.onnx", load_external_data=False).graph.initializer if t.name == "quantized")
    assert tensor.data_type == onnx.TensorProto.INT4
    assert {entry.key: entry.value for entry in tensor.external_data}["length"] == str(64 * 32 // 2)


def test_labels_are_the_names_of_nodes(graph: Graph, tmp_path: Path) -> None:
    save(graph, tmp_path / "m.onnx")
    names = [node.name for node in onnx.load(tmp_path / "m.onnx", load_external_data=False).graph.node]
    assert [name for name in names if name.startswith("block/")] == ["block/dense", "block/dense_2", "block/dense_3"]
    assert len(set(names)) == len(names)
    save(graph, tmp_path / "m.onnx", labels=False)
    assert "block" not in str(onnx.load(tmp_path / "m.onnx", load_external_data=False).graph.node)


def test_any_label_can_be_the_name_of_a_node(tmp_path: Path) -> None:
    b = GraphBuilder("half \ud800 a pair")
    x = b.input("x", "float32", [2])
    for label in ("a", "a_2", "a", "\ud800", '"\n', "a"):
        with b.source(label):
            x = b.relu(b.neg(x))
    save(b.build({"y": x}), tmp_path / "m.onnx")
    names = [node.name for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert len(set(names)) == len(names) == 12
    assert convert(tmp_path / "m.onnx").nodes


def test_embedded_weights_need_no_other_file(graph: Graph, tmp_path: Path) -> None:
    assert save(graph, tmp_path / "m.onnx", embed=True) == [tmp_path / "m.onnx"]
    feeds = complete(graph, {}, 0)
    np.testing.assert_allclose(computed(tmp_path / "m.onnx", feeds)["y"], run(graph, feeds)["y"], atol=1e-3)


def test_reading_gives_the_same_graph(graph: Graph, tmp_path: Path) -> None:
    graph = optimize(graph)
    save(graph, tmp_path / "m.onnx")
    assert diff(convert(tmp_path / "m.onnx", name="net"), graph).is_empty


def test_every_operator_is_written_and_read(tmp_path: Path) -> None:
    """What comes back of the graph that has all of them computes the same, and is the same graph when it goes round once more."""
    graph = every_operator()
    save(graph, tmp_path / "a.onnx")
    first = convert(tmp_path / "a.onnx", name=graph.name)
    save(first, tmp_path / "b.onnx")
    second = convert(tmp_path / "b.onnx", name=graph.name)
    assert diff(first, second).is_empty


def test_weights_of_another_conversion_are_refused(graph: Graph, tmp_path: Path) -> None:
    save(graph, tmp_path / "m.onnx")
    other = save(every_operator(), tmp_path / "other.webnn")[-1]
    weights = tmp_path / "m.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(other.read_bytes())
    with pytest.raises(FormatError, match="do not belong together") as raised:
        convert(tmp_path / "m.onnx")
    assert raised.value.code == "weights-do-not-match"
    weights.unlink()
    with pytest.raises(ConversionError, match=r"there is no file 'm\.safetensors' beside the model"):
        convert(tmp_path / "m.onnx")
    weights.write_bytes(kept)
    assert convert(tmp_path / "m.onnx").nodes


def test_what_is_too_large_is_not_embedded(tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webnn_graph.formats.onnx.MOST_EMBEDDED", 1000)
    with pytest.raises(Exception, match=r"an ONNX file holds at most 1\.0 kB of weights") as raised:
        save(graph, tmp_path / "m.onnx", embed=True)
    assert "--embed" in raised.value.hint
    assert not list(tmp_path.iterdir())


def test_what_another_graph_reads_stays_where_it_is(graph: Graph, tmp_path: Path) -> None:
    save(graph, tmp_path / "m.webnn", tmp_path / "m.onnx")
    assert text.files(load(tmp_path / "m.webnn"), "m") == text.files(graph, "m")

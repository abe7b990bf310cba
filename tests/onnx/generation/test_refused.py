"""Models that do not generate, or not with a cache of fixed size: one clear error for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.onnx.generation import GeneratingModel
from tests.onnx.generation import shared
from webnn_graph.errors import ConversionError, FormatError, WebNNError


def write(path: Path, inputs: dict[str, list[int | str]], outputs: dict[str, list[int | str]]) -> Path:
    """A model of which only the interface is of interest: each output is the first input, as numbers."""
    infos = [
        helper.make_tensor_value_info(name, TensorProto.INT64 if "ids" in name else TensorProto.FLOAT, shape)
        for name, shape in inputs.items()
    ]
    nodes = [helper.make_node("Cast", [next(iter(inputs))], [name], to=TensorProto.FLOAT) for name in outputs]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
    model = helper.make_model(helper.make_graph(nodes, "model", infos, results), opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


IDS: dict[str, list[int | str]] = {"input_ids": [1, "sequence_length"]}
PAST: dict[str, list[int | str]] = {"past_key_values.0.key": [1, 2, "past_sequence_length", 8]}
LOGITS: dict[str, list[int | str]] = {"logits": [1, "sequence_length", 9]}
PRESENT: dict[str, list[int | str]] = {"present.0.key": [1, 2, "total", 8]}
INTERFACES = [
    ({"x": [1, 3]}, {"y": [1, 3]}, "no input_ids among its inputs, no logits among its outputs, no past_key_values"),
    (IDS, LOGITS, r"no past_key_values\.\* among its inputs with present\.\* of the same names among its outputs"),
    (IDS | PAST, {"hidden": [1, 3, 9]} | PRESENT, "no logits among its outputs"),
    (IDS | PAST | {"pixel_values": [1, 3, 8, 8]}, LOGITS | PRESENT, "'pixel_values', of which a generation knows nothing"),
    (IDS | PAST | {"encoder_hidden_states": [1, 4, 8]}, LOGITS | PRESENT, "attends what an encoder gives"),
    (
        IDS | {"past_key_values.0.key": [1, "heads", "past", 8]},
        LOGITS | PRESENT,
        "of input past_key_values.0.key the size of axis 1, heads,",
    ),
]


@pytest.mark.parametrize(("inputs", "outputs", "message"), INTERFACES, ids=lambda value: value[:20] if isinstance(value, str) else "")
def test_interfaces(inputs: dict[str, list[int | str]], outputs: dict[str, list[int | str]], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=message):
        GeneratingModel(write(tmp_path / "model.onnx", inputs, outputs), prompt_length=4, cache_length=8)


@pytest.mark.parametrize("lengths", [(8, 8), (9, 8), (0, 8)])
def test_lengths(lengths: tuple[int, int], tmp_path: Path) -> None:
    onnx.save(shared.decoder(), tmp_path / "model.onnx")
    with pytest.raises(ConversionError, match="a cache of 8 tokens does not hold a prompt"):
        GeneratingModel(tmp_path, prompt_length=lengths[0], cache_length=lengths[1])


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no decoder in ONNX: looked for decoder_model_merged.onnx, .*model.onnx"):
        GeneratingModel(tmp_path, prompt_length=4, cache_length=8)
    for name in ("first", "second"):
        write(tmp_path / f"{name}.onnx", IDS, LOGITS)
    with pytest.raises(FormatError, match="there are first.onnx, second.onnx"):
        GeneratingModel(tmp_path, prompt_length=4, cache_length=8)


def test_damaged_configuration(tmp_path: Path) -> None:
    onnx.save(shared.decoder(), tmp_path / "model.onnx")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(FormatError, match=r"config.json.*no configuration"):
        GeneratingModel(tmp_path, prompt_length=4, cache_length=8)


def test_another_kind_of_cache(tmp_path: Path) -> None:
    """What is written into the cache is not where the model looks for it: sums of all tokens before, in the place of keys."""
    sums = numpy_helper.from_array(np.array([2], np.int64), "axis")
    table = numpy_helper.from_array(np.random.default_rng(0).standard_normal((9, 8)).astype(np.float32), "table")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["new"]),
        helper.make_node("Unsqueeze", ["new", "one"], ["rows"]),
        helper.make_node("Concat", ["past_key_values.0.key", "rows"], ["present.0.key"], axis=2),
        helper.make_node("ReduceMean", ["present.0.key", "axis"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "turned"], ["seen"]),
        helper.make_node("Add", ["seen", "zeros"], ["logits"]),
    ]
    turned = numpy_helper.from_array(np.eye(8, 9, dtype=np.float32), "turned")
    zeros = numpy_helper.from_array(np.zeros((1, 1, 9), np.float32), "zeros")
    one = numpy_helper.from_array(np.array([1], np.int64), "one")
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "sequence_length"]),
        helper.make_tensor_value_info("past_key_values.0.key", TensorProto.FLOAT, [1, 1, "past_sequence_length", 8]),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("logits", "present.0.key")]
    graph = helper.make_graph(nodes, "model", inputs, outputs, [sums, table, turned, zeros, one])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "model.onnx")
    model = GeneratingModel(tmp_path, prompt_length=4, cache_length=8)
    with pytest.raises(WebNNError, match="gives something else with a cache of fixed size than with one that grows: after token 4"):
        assert model.convert()

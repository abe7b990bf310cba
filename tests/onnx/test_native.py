"""ONNX's own code ends the process on some models; none of it runs in the user's process on a model that may be wrong."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import pytest
from onnx import helper

from converters.isolated import Stopped, isolated
from converters.onnx import convert
from converters.onnx.reading.native import infer
from webnn_graph.errors import ConversionError


def model(node: onnx.NodeProto, *inputs: str, opset: int = 18) -> onnx.ModelProto:
    graph = helper.make_graph(
        [node, helper.make_node("NoSuchOperator", [node.output[0]], ["t"]), helper.make_node("Relu", ["t"], ["z"])],
        "g",
        [helper.make_tensor_value_info(name, 1, [7]) for name in inputs],
        [onnx.ValueInfoProto(name="z")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


DEADLY = {
    "more outputs than it splits into": model(helper.make_node("Split", ["x"], list("abcde"), num_outputs=4), "x"),
    "an input that nothing makes": model(helper.make_node("EyeLike", ["nope"], ["y"], dtype=11), opset=22),
}


@pytest.mark.parametrize("name", DEADLY)
def test_models_that_end_onnxs_shape_inference_are_refused(name: str) -> None:
    with pytest.raises(Stopped, match="crashed"):
        isolated(infer, DEADLY[name].SerializeToString())
    with pytest.raises(ConversionError, match="cannot be converted"):
        convert(DEADLY[name])


@pytest.fixture
def inferred_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls of ONNX's own checks and inference in this process."""
    calls: list[str] = []

    def noted(name: str) -> Callable[..., None]:
        return lambda *_, **__: calls.append(name)

    monkeypatch.setattr(onnx.shape_inference, "infer_shapes", noted("infer_shapes"))
    monkeypatch.setattr(onnx.checker, "check_node", noted("check_node"))
    monkeypatch.setattr(onnx.checker, "check_model", noted("check_model"))
    return calls


def test_nothing_native_runs_here(inferred_here: list[str]) -> None:
    for name in DEADLY:
        with pytest.raises(ConversionError):
            convert(DEADLY[name])
    convert(onnx.parser.parse_model('<ir_version: 9, opset_import: ["" : 18]> g (float[2] x) => (bool[2] y) { y = Cast<to = 9>(x) }'))
    assert inferred_here == []


def test_what_follows_a_problem_is_checked_all_the_same() -> None:
    """With the shapes that the inference in another process finds."""
    text = """<ir_version: 9, opset_import: ["" : 18]> g (float[2, 3] x) => (float[2, 3] y) {
        a = NonMaxSuppression(x, x)
        b = RandomNormalLike(x)
        c = Relu(b)
        y = MatMul(c, x)
    }"""
    with pytest.raises(ConversionError) as caught:
        convert(onnx.parser.parse_model(text))
    assert "RandomNormalLike" in str(caught.value)
    assert "A and B have different inner sizes" in str(caught.value)

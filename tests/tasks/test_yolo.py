"""ONNX models that give and say what Ultralytics' exports do, from the file to the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import Result
from onnx import TensorProto, helper, numpy_helper

from tests.cli.conftest import invoke as invoke
from webnn_graph.data_types import Array

PIL = pytest.importorskip("PIL.Image", reason="pillow is not installed")

Invoke = Callable[..., Result]
BOX = [32.0, 30.0, 16.0, 20.0]
"""Centre and size in an input of 64 x 64, in which a picture of 128 x 96 is 64 x 48, from row 8 on."""
SCORES = [0.1, 0.9, 0.2]
CORNERS = (48, 24, 80, 64)
"""Of the box in the picture."""


def exported(folder: Path, outputs: Mapping[str, Array], **said: str) -> Path:
    """A model that gives the same numbers of any picture."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"{name}_values", "nothing"], [name]) for name in outputs),
    ]
    constants = [numpy_helper.from_array(array.astype(np.float32), f"{name}_values") for name, array in outputs.items()]
    graph = helper.make_graph(
        nodes,
        "yolo",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape) for name, array in outputs.items()],
        [*constants, numpy_helper.from_array(np.float32(0), "zero")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    helper.set_model_props(model, {"stride": "32", "names": "{0: 'cat', 1: 'dog', 2: 'bird'}", "imgsz": "[64, 64]", **said})
    onnx.save(model, folder / "yolo.onnx")
    PIL.new("RGB", (128, 96)).save(folder / "picture.png")
    return folder / "yolo.onnx"


def asked(model: Path, invoke: Invoke, *options: str) -> list[dict[str, Any]]:
    """What the converted model says of the picture."""
    result = invoke("onnx2webnn", model, "-o", model.parent, "--force", *options)
    assert result.exit_code == 0, result.output
    result = invoke("webnn", "run", model.with_suffix(".webnn"), "--image", model.parent / "picture.png", "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["objects"]
    return found


def columns(*rows: list[float]) -> Array:
    """Boxes as an export has them, with the same one a little to the right, which overlaps, and one that scores less."""
    count = len(rows[0])
    return np.array([*rows, [33.0, *rows[0][1:4], 0.0, 0.8, 0.0, *[9.0] * (count - 7)], [9.0] * 4 + [0.3] * 3 + [9.0] * (count - 7)]).T[
        None
    ]


@pytest.mark.parametrize("options", [[], ["--with-postprocessing"], ["--with-preprocessing", "--with-postprocessing"]], ids=" ".join)
def test_poses(options: list[str], tmp_path: Path, invoke: Invoke) -> None:
    points = [20.0, 20.0, 0.75, 40.0, 44.0, 0.25]
    numbers = columns([*BOX, *SCORES, *points])
    names = "{0: ['nose', 'tail'], 1: ['nose', 'tail'], 2: ['nose', 'tail']}"
    model = exported(tmp_path, {"output0": numbers}, task="pose", kpt_shape="[2, 3]", kpt_names=names)
    (one,) = asked(model, invoke, *options)
    assert (one["label"], tuple(one["box"])) == ("dog", pytest.approx(CORNERS))
    assert one["score"] == pytest.approx(0.9)
    assert one["points"] == [
        {"x": pytest.approx(40), "y": pytest.approx(24), "score": pytest.approx(0.75), "name": "nose"},
        {"x": pytest.approx(80), "y": pytest.approx(72), "score": pytest.approx(0.25), "name": "tail"},
    ]
    known = json.loads(invoke("webnn", "inspect", model.with_suffix(".webnn"), "--json").stdout)["metadata"]
    assert (known["task"], known["output0"]["points"]) == ("keypoint-detection", {"count": 2, "scored": True, "names": ["nose", "tail"]})


@pytest.mark.parametrize("options", [[], ["--with-postprocessing"]], ids=" ".join)
def test_segments(options: list[str], tmp_path: Path, invoke: Invoke) -> None:
    """Prototypes that rise from left to right and from top to bottom: above 0 is what lies right of column 32 of the input."""
    across, down = np.meshgrid(np.arange(16) - 7.5, np.arange(16) - 7.5)
    numbers = columns([*BOX, *SCORES, 1.0, 0.0])
    model = exported(tmp_path, {"output0": numbers, "output1": np.stack([across, down])[None]}, task="segment")
    (one,) = asked(model, invoke, *options)
    assert (one["label"], tuple(one["box"])) == ("dog", CORNERS)
    assert one["mask"] == {"left": 48, "top": 24, "width": 32, "height": 40, "runs": [16] * 80}
    known = json.loads(invoke("webnn", "inspect", model.with_suffix(".webnn"), "--json").stdout)["metadata"]
    assert (known["task"], known["output0"]["coefficients"], known["output1"]) == ("image-segmentation", 2, {"kind": "prototypes"})
    assert "output1: prototypes" in invoke("webnn", "inspect", model.with_suffix(".webnn")).stdout


def test_final_poses_and_segments(tmp_path: Path, invoke: Invoke) -> None:
    """End to end: corners, score and label come first, and nothing is left out."""
    row = [24.0, 20.0, 40.0, 40.0, 0.9, 1.0]
    both = np.array([[*row, 20.0, 20.0], [*row, 40.0, 44.0], [0.0] * 8])[None]
    found = asked(exported(tmp_path, {"output0": both}, task="pose", kpt_shape="[1, 2]", end2end="True"), invoke)
    assert [one["points"] for one in found] == [[{"x": 40, "y": 24}], [{"x": 80, "y": 72}]]
    maps = np.stack([np.ones((16, 16)), -np.ones((16, 16))])[None]
    found = asked(exported(tmp_path, {"output0": both, "output1": maps}, task="segment", end2end="True"), invoke)
    assert [one["mask"]["runs"] for one in found] == [[1280], [1280]]  # 20 - 20 and 40 - 44 are not above 0
    assert [tuple(one["box"]) for one in found] == [CORNERS] * 2


def test_what_overlaps_scores_less(tmp_path: Path, invoke: Invoke) -> None:
    """Both boxes share 15 x 20 of 17 x 20 pixels."""
    model = exported(tmp_path, {"output0": columns([*BOX, *SCORES])}, task="detect")
    assert len(asked(model, invoke)) == 1
    command = ["run", model.with_suffix(".webnn"), "--image", tmp_path / "picture.png", "--soft", "--json", "--threshold"]
    assert [one["score"] for one in json.loads(invoke("webnn", *command, 0.05).stdout)["objects"]] == [
        pytest.approx(0.9),
        pytest.approx(0.3),
        pytest.approx(0.8 * (1 - 15 / 17), rel=1e-5),
    ]
    assert len(json.loads(invoke("webnn", *command, 0.2).stdout)["objects"]) == 2

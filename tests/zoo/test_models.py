"""Some real models in depth: for every browser, and step by step. `webnn zoo run` compares all of them with their sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from converters.onnx.source import OnnxSource
from models import select
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
PAGE = Path(__file__).parents[2] / "docs" / "zoo.md"

FOR_EVERY_BROWSER = (
    "paraphrase_minilm_l3 silero_vad_op18_ifless light_shufflenet ddddocr_det style_predict_qdq basic_pitch_nmp ppocr_rec_v4"
).split()
"""Some of each kind: tokens, a recurrent state, images, sound, quantized. ``webnn zoo run --target portable`` takes all."""


@pytest.mark.parametrize("name", FOR_EVERY_BROWSER)
def test_equals_its_source_for_every_browser(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coreml_like = tmp_path / "coreml.json"
    coreml_like.write_text(json.dumps(coreml.limits()))
    for target in (PORTABLE, str(coreml_like)):
        result = verify_all(select([name]), ZOO.parent, runtime="reference", browser=None, seed=0, target=load_target(target))
        assert result.status == 0, (target, result.document(), capsys.readouterr())


def written() -> dict[str, str]:
    """How many operators the page says that each model has."""
    found, column = {}, 0
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "model":
            column = cells.index("operators")
        elif line.startswith("| "):
            found[cells[0]] = cells[column]
    return found


@pytest.mark.parametrize("name", FOR_EVERY_BROWSER)
def test_page_says_how_many_operators_there_are(name: str) -> None:
    (model,) = select([name])
    graph = converted(model)
    assert not isinstance(graph, str)
    assert written()[name] == str(len(graph.nodes)), "make zoo-docs writes docs/zoo.md"


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
    assert "has 12 coefficients for 3 scores of 2 features" in refusal

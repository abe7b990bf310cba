"""Values that models give by name: as transformers and NumPy have them, in Python, JavaScript and ``webnn run``; what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from converters.described.given import Given
from converters.described.naming import read_targets
from tests.cli.conftest import invoke as invoke
from tests.described.graphs import graph_of
from tests.javascript.test_runtime import plain  # noqa: F401
from tests.javascript.test_tasks import run
from tests.javascript.written import needs_node
from tests.tasks.recordings import recording, voice
from webnn_graph import GraphBuilder
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.formats import save
from webnn_graph.metadata import Audio, Metadata, Regression, Target, metadata_of, problems, whole
from webnn_graph.tasks.regression import measured

Invoke = Callable[..., Result]
QUALITY = Regression(
    targets=(
        Target(name="speech", polynomial=(0.0052439, 1.22083953, -0.08397278)),
        Target(name="background", polynomial=(-0.39604546, 1.60915514, -0.13166888), unit="MOS"),
        Target(name="it's <b>"),
    )
)
"""As DNSMOS maps its numbers, the constants first; NumPy's `poly1d` has them last."""


def right(numbers: Any) -> list[float]:
    rows = np.asarray(numbers, np.float64).reshape(-1, 3)
    columns = [np.poly1d(target.polynomial[::-1] or (1, 0))(column) for target, column in zip(QUALITY.targets, rows.T, strict=True)]
    return [float(column.mean()) for column in columns]


@pytest.mark.parametrize("shape", [(1, 3), (3,), (5, 1, 3)], ids=str)
@pytest.mark.parametrize("data_type", [np.float32, np.float16, np.int64])
def test_values_are_those_of_numpy(shape: tuple[int, ...], data_type: Any) -> None:
    numbers = (np.random.default_rng(0).normal(size=shape) * 4).astype(data_type)
    found = measured(numbers, QUALITY)
    assert [(one.name, one.unit) for one in found] == [("speech", ""), ("background", "MOS"), ("it's <b>", "")]
    np.testing.assert_allclose([one.value for one in found], right(numbers), rtol=1e-12)


@needs_node
def test_pages_have_the_same(plain: Path) -> None:  # noqa: F811
    numbers = np.random.default_rng(0).normal(size=(7, 3)) * 4
    script = """
    const { answered } = await import("./tasks/values.js");
    const { numbers, meaning } = JSON.parse(given);
    return answered([Float64Array.from(numbers)], [meaning], {}, {});
    """
    found = run(plain, script, json.dumps({"numbers": numbers.ravel().tolist(), "meaning": whole(QUALITY)}))
    names = [{"name": "speech"}, {"name": "background", "unit": "MOS"}, {"name": "it's <b>"}]
    assert found == [{**one, "value": pytest.approx(value, rel=1e-12)} for one, value in zip(names, right(numbers), strict=True)]


def test_what_is_no_number_stays_so() -> None:
    (one, other, _) = measured(np.float32([[np.nan, np.inf, 0]]), QUALITY)
    assert np.isnan(one.value) and not np.isfinite(other.value)


def test_metadata_are_read_as_they_are_written() -> None:
    metadata = Metadata(tensors={"y": QUALITY})
    assert metadata_of(json.loads(json.dumps(metadata.document()))) == metadata
    assert metadata.document()["tensors"]["y"]["targets"][2] == {"name": "it's <b>"}


@pytest.mark.parametrize("shape", [(1, 2), (), (3, 1)], ids=str)
def test_other_numbers_than_targets(shape: tuple[int, ...]) -> None:
    graph = graph_of({"x": (1, 9)}, {"y": shape})
    (problem,) = problems(Metadata(tensors={"y": QUALITY}), graph.inputs, graph.outputs)
    assert f"there are 3 targets for {shape[-1] if shape else 1} numbers" in problem


def test_the_quality_of_a_sound(tmp_path: Path, invoke: Invoke) -> None:
    """Of each window there are two numbers, its sum and its largest sample, of which the values are made; then their mean is taken."""
    b = GraphBuilder("quality")
    sound = b.input("sound", "float32", [1, 500])
    graph = b.build(
        {"y": b.concat([b.reduceSum(sound, axes=[1], keepDimensions=True), b.reduceMax(sound, axes=[1], keepDimensions=True)], 1)}
    )
    save(graph, tmp_path / "m.webnn")
    (tmp_path / "targets.json").write_text('["total", {"name": "loudest", "unit": "dB", "polynomial": [1, 0, 20]}]')
    described = invoke(
        "webnn2json", tmp_path / "m.webnn", "-o", tmp_path, "--audio", "sound:1000", "--regression", tmp_path / "targets.json"
    )
    assert described.exit_code == 0, described.output
    samples = voice(1000, 1000)
    file = recording(tmp_path / "sound.wav", samples, 1000)
    result = invoke("webnn", "run", tmp_path / "m.json", "--audio", file, "--json")
    assert result.exit_code == 0, result.output
    windows = samples.reshape(2, 500).astype(np.float64)
    expected = [windows.sum(1).mean(), np.mean(1 + 20 * windows.max(1) ** 2)]
    found = json.loads(result.stdout)["values"]["y"]
    assert [(one["name"], one["unit"]) for one in found] == [("total", ""), ("loudest", "dB")]
    np.testing.assert_allclose([one["value"] for one in found], expected, rtol=1e-4)
    lines = [line.split() for line in invoke("webnn", "run", tmp_path / "m.json", "--audio", file).stdout.splitlines() if line]
    assert lines[0] == ["y", "value", "unit"] and lines[3] == ["loudest", f"{expected[1]:.5g}", "dB"]


def test_targets_of_a_text(tmp_path: Path, invoke: Invoke) -> None:
    """As the pipeline of transformers has them, which makes no scores of a regression's numbers."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    from tests.tasks.test_command import NAMED
    from tests.tasks.test_texts import TEXT, bert, pipeline, written

    _, config = bert("bert", **NAMED, problem_type="regression")
    model = transformers.BertForSequenceClassification(config)
    graph = written(model, tmp_path, invoke)
    result = invoke("webnn", "run", graph, "--text", TEXT, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    expected = {one["label"]: one["score"] for one in pipeline("text-classification", model, "bert")(TEXT, top_k=4)}
    assert document["labels"] == {} and max(map(abs, expected.values())) > 1, "no probabilities"
    assert {one["name"]: one["value"] for one in document["values"]["logits"]} == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("age\nheight\n", (Target(name="age"), Target(name="height"))),
        ('["age", "height"]', (Target(name="age"), Target(name="height"))),
        ('[{"name": "age", "unit": "years"}, "height"]', (Target(name="age", unit="years"), Target(name="height"))),
    ],
)
def test_files_of_targets(content: str, expected: tuple[Target, ...], tmp_path: Path) -> None:
    (tmp_path / "targets").write_text(content)
    assert read_targets(tmp_path / "targets") == expected
    known = Metadata(tensors={"x": Audio(sampling_rate=8000)})
    graph = replace(graph_of({"x": (1, 9)}, {"y": (1, 2), "z": (1, 3)}), metadata=known.document())
    assert Metadata.of(Given(targets={"": tmp_path / "targets"}).of(graph)).tensors["y"] == Regression(targets=expected)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no names of values"),
        ("[]", "holds no names of values"),
        ('{"a": 1}', "holds no names of values"),
        ("[1]", "targets: Expected `object`, got `int`"),
        ('[{"unit": "years"}]', "missing required field `name`"),
        ('[{"name": "a", "polynomial": ["1"]}]', "Expected `float`, got `str`"),
        (json.dumps([{"name": "a", "polynomial": [0] * 17}]), "length <= 16"),
        ("[{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("a\nb\nc\nd\n", "targets has 4 targets, and no axis of"),
        ("a\n", "targets has 1 target, and no axis of"),
    ],
)
def test_what_is_refused(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "targets").write_text(content)
    with pytest.raises((FormatError, ValidationError)) as error:
        Given(targets={"": tmp_path / "targets"}).of(graph_of({"x": (1, 9)}, {"y": (3, 2)}))
    assert said in str(error.value)


def test_an_axis_that_is_not_the_last(tmp_path: Path) -> None:
    (tmp_path / "targets").write_text("a\nb\nc\n")
    with pytest.raises(ValidationError, match="there are 3 targets for 2 numbers"):
        Given(targets={"": tmp_path / "targets"}).of(graph_of({"x": (1, 9)}, {"y": (3, 2)}))

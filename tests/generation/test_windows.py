"""Sounds that are longer than a window: the tokens that transformers generates of them."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import cli

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.generation import hearing  # noqa: E402
from webnn_graph.errors import ExecutionError  # noqa: E402
from webnn_graph.generation import Generator, save_package  # noqa: E402
from webnn_graph.generation.windows import Sentences, Window  # noqa: E402
from webnn_graph.runtimes import reference  # noqa: E402

FIRST = 1000
"""The token of time 0 in `Sentences`."""


@pytest.fixture(scope="module")
def generator() -> Iterator[Generator]:
    with Generator(hearing.graphs(), hearing.settings(), runtime="reference") as generator:
        yield generator


@pytest.mark.parametrize("sound", hearing.SOUNDS)
def test_features_are_those_of_the_whole_sound(sound: str) -> None:
    samples, graph = hearing.SOUNDS[sound], hearing.graphs()["spectrogram"]
    right = hearing.features(samples).numpy()
    found = Window.of_graph(graph).features(samples, lambda window: reference.run(graph, {"samples": window})["input_features"])
    np.testing.assert_allclose(found, right, atol=5e-4)
    assert np.abs(found - right).mean() < 1e-5


@pytest.mark.parametrize("how", [{}, {"language": "de"}, {"language": "fr", "task": "translate"}])
@pytest.mark.parametrize("sound", hearing.SOUNDS)
def test_same_as_transformers(sound: str, how: dict[str, Any], generator: Generator) -> None:
    samples = hearing.SOUNDS[sound]
    found = list(generator.generate(samples, timestamps=True, max_tokens=hearing.COUNT, **how))
    right = hearing.tokens(samples, **how)
    assert [token for token in found if token not in generator.settings.eos] == right
    assert generator.ids[-len(found) :] == found and generator.ids[0] == 2


def test_several_beams(generator: Generator) -> None:
    samples = hearing.SOUNDS["chirp"]
    found = list(generator.generate(samples, timestamps=True, max_tokens=hearing.COUNT, language="en", beams=3))
    assert [token for token in found if token not in generator.settings.eos] == hearing.tokens(samples, language="en", num_beams=3)


def test_windows_begin_in_the_middle_and_at_the_end() -> None:
    """Else there would be nothing to compare."""
    begins = {
        round(float(segment["start"]) % 1, 2) for sound in hearing.SOUNDS.values() for segment in hearing.segments(sound, language="en")
    }
    assert len(begins) > 2
    assert len(hearing.segments(hearing.SOUNDS["chirp"], language="en")) > 4


def test_a_stop_ends_all_windows(generator: Generator) -> None:
    samples = hearing.SOUNDS["chirp"]
    whole = list(generator.generate(samples, timestamps=True, max_tokens=hearing.COUNT, language="en"))
    stop = next(token for token in whole if token not in generator.settings.eos and token < 58)
    part = list(generator.generate(samples, timestamps=True, max_tokens=hearing.COUNT, language="en", stop=[stop]))
    assert part == whole[: whole.index(stop) + 1]


def test_without_times_it_is_too_long(generator: Generator) -> None:
    with pytest.raises(ExecutionError, match="samples has 16000 elements at most, and 43200 were given") as raised:
        list(generator.generate(hearing.SOUNDS["noise"]))
    assert raised.value.hint == "the model hears 1 seconds at a time: a longer recording takes timestamps"
    assert list(generator.generate(hearing.SOUNDS["noise"][:16_000], max_tokens=4)), "it is usable afterwards"


def test_what_are_no_numbers(generator: Generator) -> None:
    samples = hearing.SOUNDS["noise"].copy()
    with pytest.raises(ExecutionError, match="was given int64"):
        list(generator.generate(np.zeros(samples.size, np.int64), timestamps=True))
    samples[-1] = np.nan
    with pytest.raises(ExecutionError, match="values that are no numbers, or infinite"):
        list(generator.generate(samples, timestamps=True))


@pytest.mark.parametrize(
    ("tokens", "taken", "time"),
    [
        ([1, 2, 3], [1, 2, 3], None),
        ([FIRST, 1, 2, FIRST + 9], [FIRST, 1, 2, FIRST + 9], None),
        ([FIRST, 1, FIRST + 4, FIRST + 4, 2, 3], [FIRST, 1, FIRST + 4, FIRST + 4], 4),
        ([FIRST, 1, FIRST + 4, FIRST + 6, 2, FIRST + 9], [FIRST, 1, FIRST + 4, FIRST + 6, 2, FIRST + 9], None),
        ([FIRST, 1, FIRST + 4, FIRST + 6, 2, FIRST + 9, FIRST + 9], [FIRST, 1, FIRST + 4, FIRST + 6, 2, FIRST + 9, FIRST + 9], 9),
        ([], [], None),
    ],
)
def test_sentences(tokens: list[int], taken: list[int], time: int | None) -> None:
    sentences = Sentences(FIRST)
    found = [token for given in tokens for token in sentences.add(given)]
    rest, ends = sentences.rest()
    assert ([*found, *rest], ends) == (taken, time)


def test_sentences_come_as_soon_as_they_are_whole() -> None:
    sentences = Sentences(FIRST)
    came = [sentences.add(token) for token in (FIRST, 1, FIRST + 4, FIRST + 4, 2, FIRST + 6, FIRST + 6)]
    assert came == [[FIRST], [1], [FIRST + 4], [FIRST + 4], [], [], [2, FIRST + 6, FIRST + 6]]


def test_command(tmp_path: Path) -> None:
    folder, file = tmp_path / "model", tmp_path / "long.wav"
    save_package(folder, hearing.graphs(), hearing.settings())
    samples = np.round(hearing.SOUNDS["chirp"] * 2**15).astype("<i2")
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, hearing.RATE, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())
    command: list[Any] = ["generate", str(folder), "--input", str(file), "--language", "en", "--timestamps", "--json"]
    result = CliRunner().invoke(cli.webnn, [*command, "--max-tokens", str(hearing.COUNT), "--runtime", "reference"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert [token for token in said["ids"] if token != 2] == hearing.tokens(samples.astype(np.float32) / 2**15, language="en")
    assert said["prompt"] == [2, 53, 57]

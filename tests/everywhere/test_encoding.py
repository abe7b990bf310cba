"""Models with an encoder in real browsers, see `tests.everywhere.encoding`, which tries all of them: what else they can be asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from webnn_graph.generation import save_package

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.everywhere.encoding import Turn, found, page, write  # noqa: E402
from tests.generation import encoding, hearing  # noqa: E402
from tests.generation.encoding import BEAMS  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
COUNT = 24
NOISE = (np.random.default_rng(1).standard_normal(480_000) / 10).astype(np.float32)
SEARCH = {"num_beams": BEAMS}


def turn(**how: Any) -> Turn:
    return Turn(how, count=COUNT)


FIRST = Turn(is_recorded=True, count=COUNT)
TURNS: dict[str, list[Turn]] = {
    "BART": [FIRST, turn(**SEARCH)],
    "T5": [FIRST],
    "Marian": [FIRST, turn(**SEARCH)],
    "Whisper": [
        FIRST,
        turn(language="de"),
        turn(language="fr", task="translate"),
        turn(timestamps=True),
        turn(language="en", timestamps=True, **SEARCH),
        Turn(given={"samples": NOISE}, count=COUNT),
    ],
    "Moonshine": [FIRST],
    "Speech2Text": [FIRST],
    "TrOCR": [FIRST, turn(**SEARCH)],
    "Florence-2": [FIRST],
}
"""How each generates."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        yield site


def check(name: str, visitor: Visitor, site: Site) -> None:
    if not (site.folder / name).exists():
        write(name, site, TURNS[name])
    made = visitor.visit(site.page(page(name, visitor, TURNS[name])))
    assert [made[key] for key in ("backend", "fetched", "wrong")] == [backend(visitor.browser), 1, "bad-input"]
    compared = found(name, made, [turn.right(name) for turn in TURNS[name]])
    assert all(each.tokens == each.total > 1 for each in compared)


FEW = ("chromium-147", "Marian"), ("chromium-147", "Whisper"), ("chromium-147", "Florence-2"), ("chromium-153", "Whisper")
"""A text, a sound, a picture with a text; and the other browser."""
ALL = [pytest.param(*each, marks=() if each in FEW else pytest.mark.every) for each in product(("chromium-147", "chromium-153"), TURNS)]


@pytest.mark.parametrize(("anywhere", "name"), ALL, indirect=["anywhere"])
def test_same_as_transformers(name: str, anywhere: Visitor, site: Site) -> None:
    check(name, anywhere, site)


@pytest.mark.parametrize(
    ("anywhere", "name"),
    [("firefox", "Marian"), ("firefox", "Whisper"), ("webkit", "Marian"), pytest.param("webkit", "Moonshine", marks=pytest.mark.every)],
    indirect=["anywhere"],
)
def test_in_the_fallback(name: str, anywhere: Visitor, site: Site) -> None:
    check(name, anywhere, site)


@pytest.mark.parametrize("anywhere", ["chromium-147"], indirect=True)
def test_a_recording_that_is_too_long_says_what_to_do(anywhere: Visitor, site: Site) -> None:
    if not (site.folder / "Whisper").exists():
        write("Whisper", site, TURNS["Whisper"])
    script = """
        const { load } = await import("/Whisper/index.js");
        const model = await load();
        return model.generate(new Float32Array(70 * 16_000)).next().catch(({ code, message }) => [code, message]);
    """
    code, message = anywhere.visit(site.page(script))
    assert code == "bad-input"
    assert message == (
        "samples must be a Float32Array of 480000 elements at most, and 1120000 were given: "
        "the model hears 30 seconds at a time, so a longer recording takes timestamps: true"
    )


WINDOWS = """
const { load } = await import("/hearing/index.js");
const model = await load({ ort: IMPORTING });
const made = [];
let why;
for (const [name, options] of TURNS) {
  const samples = new Float32Array(await (await fetch(`/hearing/${name}.bin`)).arrayBuffer());
  const pieces = [];
  for await (const piece of model.generate(samples, { ...options, timestamps: true, maxTokens: COUNT })) pieces.push(piece);
  const ids = pieces.map(({ id }) => id);
  if (String(model.ids.slice(-ids.length)) !== String(ids)) throw new Error(`${model.ids} do not end with ${ids}`);
  made.push([ids, pieces.filter(({ time }) => time !== undefined).map(({ time }) => time)]);
  why = await model.generate(samples).next().catch(({ message }) => message);
}
return [model.backend, why, made];
"""


OTHERS = [pytest.param(name, marks=pytest.mark.every) for name in ("chromium-153", "firefox")]


@pytest.mark.parametrize("anywhere", ["chromium-147", *OTHERS], indirect=True)
def test_sounds_longer_than_a_window(anywhere: Visitor, site: Site) -> None:
    folder = site.folder / "hearing"
    if not folder.exists():
        save_package(folder, hearing.graphs(), hearing.settings(), fallback=FALLBACK)
        for name, samples in hearing.SOUNDS.items():
            (folder / f"{name}.bin").write_bytes(samples.tobytes())
    turns = [(name, {"language": "en"}) for name in hearing.SOUNDS] + [("chirp", {}), ("chirp", {"beams": 3})]
    script = WINDOWS.replace("IMPORTING", importing(anywhere.browser)).replace("TURNS", json.dumps(turns))
    used, why, made = anywhere.visit(site.page(script.replace("COUNT", str(hearing.COUNT))))
    assert used == backend(anywhere.browser)
    assert why.endswith("the model hears 1 seconds at a time, so a longer recording takes timestamps: true")
    for (name, how), (ids, times) in zip(turns, made, strict=True):
        told = {"num_beams" if key == "beams" else key: value for key, value in how.items()}
        segments = hearing.segments(hearing.SOUNDS[name], **told)
        own = [[int(token) for token in segment["tokens"]] for segment in segments]
        assert [token for token in ids if token != 2] == [token for tokens in own for token in tokens], f"{name} {how}"
        left = iter(times)
        for segment, tokens in zip(segments, own, strict=True):
            seconds = [0.02 * (token - encoding.NO_TIMESTAMPS - 1) for token in tokens if token > encoding.NO_TIMESTAMPS]
            begins = {round(next(left) - second, 6) for second in seconds}
            # What transformers calls a sentence's begin is its first time, or where its window begins.
            assert begins in ({round(float(segment["start"]), 6)}, {round(float(segment["start"]) - seconds[0], 6)})

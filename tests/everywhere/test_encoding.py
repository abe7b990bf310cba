"""Models with an encoder in real browsers, see `tests.everywhere.encoding`, which tries all of them: what else they can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import Visitor
from tests.everywhere.library import backend
from tests.everywhere.site import Site

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.everywhere.encoding import Turn, found, page, write  # noqa: E402
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


@pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153"], indirect=True)
@pytest.mark.parametrize("name", TURNS)
def test_same_as_transformers(name: str, anywhere: Visitor, site: Site) -> None:
    check(name, anywhere, site)


@pytest.mark.parametrize(
    ("anywhere", "name"),
    [("firefox", "Marian"), ("firefox", "Whisper"), ("webkit", "Marian"), ("webkit", "Moonshine")],
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
        "the model hears 30 seconds at a time, so give it a longer recording piece by piece"
    )

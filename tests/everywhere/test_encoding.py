"""Models with an encoder in real browsers: what `transformers` generates of sounds, texts and pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from webnn_graph.data_types import Array
from webnn_graph.generation import save_package

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.generation import encoding  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
COUNT = 24
NOISE = (np.random.default_rng(1).standard_normal(480_000) / 10).astype(np.float32)
BEAMS = {"num_beams": encoding.BEAMS}
TURNS: dict[str, list[dict[str, Any]]] = {
    "BART": [{}, BEAMS],
    "T5": [{}],
    "Marian": [{}, BEAMS],
    "Whisper": [
        {},
        {"language": "de"},
        {"language": "fr", "task": "translate"},
        {"timestamps": True},
        {"language": "en", "timestamps": True, **BEAMS},
        {"samples": NOISE},
    ],
    "Moonshine": [{}],
    "TrOCR": [{}, BEAMS],
    "Florence-2": [{}],
}
"""How each generates: options, and another sound."""
IN_NAMES = {"num_beams": "beams"}
SCRIPT = """
const { load } = await import("/NAME/index.js");
const model = await load({ ort: IMPORTING });
const made = [];
for (const [given, options] of TURNS) {
  const arrays = {};
  for (const [name, value] of Object.entries(given)) {
    arrays[name] = Array.isArray(value) ? value : new Float32Array(await (await fetch(value)).arrayBuffer());
  }
  const sources = Object.values(arrays);
  for await (const _ of model.generate(sources.length > 1 ? arrays : sources[0], { ...options, maxTokens: COUNT }));
  made.push(model.ids);
}
const fetched = performance.getEntriesByType("resource").filter(({ name }) => name.includes("safetensors")).length;
const wrong = await model.generate(new Array(1000).fill(1)).next().catch(({ code }) => code);
return [model.backend, fetched, wrong, made];
"""


class Packages:
    """A site with packages, which are made as they are asked for."""

    def __init__(self, site: Site) -> None:
        self.site = site
        site.link("ort", ORT / "dist")

    def script(self, name: str, visitor: Visitor) -> str:
        """What a page of a model does."""
        folder = self.site.folder / name.lower()
        if not folder.exists():
            save_package(folder, encoding.graphs(name), encoding.settings(name), fallback=FALLBACK)
        turns = [
            (self._given(folder, i, name), {IN_NAMES.get(key, key): value for key, value in turn.items() if key != "samples"})
            for i, turn in enumerate(TURNS[name])
        ]
        known = {"NAME": folder.name, "IMPORTING": importing(visitor.browser), "TURNS": json.dumps(turns), "COUNT": str(COUNT)}
        script = SCRIPT
        for word, value in known.items():
            script = script.replace(word, value)
        return script

    def _given(self, folder: Path, turn: int, name: str) -> dict[str, Any]:
        """Lists of tokens, and the addresses of other arrays."""
        made: dict[str, Any] = {}
        for key, array in given(TURNS[name][turn], name).items():
            file = folder / f"{key}{turn}.bin"
            if array.dtype == np.float32:
                file.write_bytes(array.tobytes())
            made[key] = f"/{folder.name}/{file.name}" if array.dtype == np.float32 else array.tolist()
        return made


def given(turn: Mapping[str, Any], name: str) -> Mapping[str, Array]:
    return {"samples": turn["samples"]} if "samples" in turn else encoding.FAMILIES[name].given


def expected(name: str, turn: Mapping[str, Any]) -> list[int]:
    """What transformers generates."""
    told = {key: value for key, value in turn.items() if key in ("language", "task")}
    if turn.get("timestamps"):
        told["return_timestamps"] = True
    return encoding.generated(name, turn.get("num_beams", 1), COUNT, given(turn, name), **told).tokens


@pytest.fixture(scope="module")
def packages() -> Iterator[Packages]:
    with Site() as site:
        yield Packages(site)


def check(name: str, visitor: Visitor, packages: Packages) -> None:
    found = visitor.visit(packages.site.page(packages.script(name, visitor)))
    assert found == [backend(visitor.browser), 1, "bad-input", [expected(name, turn) for turn in TURNS[name]]]


@pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153"], indirect=True)
@pytest.mark.parametrize("name", TURNS)
def test_same_as_transformers(name: str, anywhere: Visitor, packages: Packages) -> None:
    check(name, anywhere, packages)


@pytest.mark.parametrize("anywhere", ["firefox"], indirect=True)
@pytest.mark.parametrize("name", ["Marian", "Whisper"])
def test_in_the_fallback(name: str, anywhere: Visitor, packages: Packages) -> None:
    check(name, anywhere, packages)

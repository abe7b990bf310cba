"""Folders of models that generate: all files or none, several files of weights, and damaged settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.generation import toys
from tests.generation.toys import CACHE, VOCABULARY, Toy
from webnn_graph.errors import FormatError, ValidationError, WebNNError
from webnn_graph.generation import Generator, SamplingDefaults, Settings, parsed, read, save_package

SETTINGS = replace(toys.SETTINGS, eos=())
PROMPT = [3, 4, 5, 6, 7, 8]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def right() -> list[int]:
    with Generator(Toy().graphs(), SETTINGS) as model:
        return list(model.generate(PROMPT, max_tokens=5))


def made(folder: Path) -> list[int]:
    with Generator.open(folder) as model:
        return list(model.generate(PROMPT, max_tokens=5))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = save_package(tmp_path / "deep" / "package", Toy().graphs(), SETTINGS, name="toy")
    assert {path.name for path in written} == names(tmp_path / "deep" / "package")
    assert read(tmp_path / "deep" / "package") == SETTINGS
    assert made(tmp_path / "deep" / "package") == right()


def test_the_weights_may_be_in_several_files(tmp_path: Path) -> None:
    save_package(tmp_path, Toy().graphs(), SETTINGS, max_shard_size=1500)
    assert len([name for name in names(tmp_path) if name.endswith(".safetensors")]) > 1
    assert made(tmp_path) == right()


@pytest.mark.parametrize("fault", ["settings", "graphs", "tokenizer", "in the way"])
def test_all_is_written_or_nothing(fault: str, tmp_path: Path) -> None:
    graphs, settings, options = Toy().graphs(), SETTINGS, {}
    folder = tmp_path / "package"
    if fault == "settings":
        settings = replace(SETTINGS, cache=0)
    elif fault == "graphs":
        graphs = graphs | {"decode": Toy().recurrent_graphs()["decode"]}
    elif fault == "tokenizer":
        (tmp_path / "tokenizer.json").write_text("{")
        options = {"tokenizer": tmp_path}
    else:
        (folder / "index.js").mkdir(parents=True)
    with pytest.raises(WebNNError):
        save_package(folder, graphs, settings, **options)
    assert names(folder) == ({"index.js"} if fault == "in the way" else set())


def test_another_package_in_its_place_is_whole(tmp_path: Path) -> None:
    save_package(tmp_path, Toy().graphs(), SETTINGS)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(WebNNError):
        save_package(tmp_path, Toy(1).graphs(), replace(SETTINGS, start=(2**40,)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# --------------------------------------------------------------------------------------------------------------- what was damaged
BASE = {"format": "webnn-generation", "version": 1, "kind": "decoder", "cache": CACHE}
DAMAGED: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "is not JSON"),
    "no JSON": (b"{", "is not JSON"),
    "a list": (b"[]", "is not JSON: "),
    "deep": (b'{"a":' * 100_000, "is not JSON"),
    "large": (b" " * (2**20 + 1), "has 1,048,577 bytes"),
    "another format": (BASE | {"format": "webnn-graph"}, "is no webnn-generation"),
    "no version": ({**BASE, "version": None}, "is of version None"),
    "another version": (BASE | {"version": 2}, "is of version 2; known is 1"),
    "a true version": (BASE | {"version": True}, "is of version True"),
    "no kind": ({name: value for name, value in BASE.items() if name != "kind"}, "kind"),
    "another kind": (BASE | {"kind": "encoder"}, "encoder"),
    "no cache": ({name: value for name, value in BASE.items() if name != "cache"}, "cache"),
    "an empty cache": (BASE | {"cache": 0}, "cache"),
    "a huge cache": (BASE | {"cache": 2**40}, "cache"),
    "a text": (BASE | {"cache": "16"}, "cache"),
    "a number that is not whole": (BASE | {"cache": 16.5}, "cache"),
    "a negative token": (BASE | {"eos": [-1]}, "eos"),
    "a huge token": (BASE | {"eos": [2**40]}, "eos"),
    "one token for several": (BASE | {"eos": 2}, "eos"),
    "many tokens": (BASE | {"suppress": [1] * 70_000}, "suppress"),
    "an unknown sampling": (BASE | {"sampling": {"temprature": 1}}, "temprature"),
    "no temperature": (BASE | {"sampling": {"temperature": 0}}, "temperature"),
    "no share": (BASE | {"sampling": {"top_p": 2}}, "top_p"),
    "many beams": (BASE | {"beams": {"num_beams": 10**9}}, "num_beams"),
    "an early stop": (BASE | {"beams": {"early_stopping": "soon"}}, "early_stopping"),
    "a long name": (BASE | {"model_type": "x" * 101}, "model_type"),
    "no number": (b'{"format": "webnn-generation", "version": 1, "kind": "decoder", "cache": NaN}', "is not JSON"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_settings(name: str, tmp_path: Path) -> None:
    content, said = DAMAGED[name]
    save_package(tmp_path, Toy().graphs(), SETTINGS)
    (tmp_path / "generation.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(FormatError) as raised:
        Generator.open(tmp_path)
    assert said in raised.value.message and "generation.json" in raised.value.message
    assert len(raised.value.message) < 400


def test_settings_say_what_is_known_only() -> None:
    settings = Settings(kind="decoder", cache=8, sampling=SamplingDefaults(top_k=5), eos=(2,))
    document = json.loads(settings.text())
    assert document == {
        "format": "webnn-generation",
        "version": 1,
        "kind": "decoder",
        "cache": 8,
        "sampling": {"top_k": 5},
        "eos": [2],
    }
    assert parsed(json.dumps(document | {"of a later writer": 1}).encode(), "x") == settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cache": 3}, "prefill takes 4 tokens at once, more than the cache of 3 holds"),
        ({"start": (VOCABULARY,)}, "start has the token 23, the vocabulary has 23"),
        ({"forced_bos": 99}, "forced_bos has the token 99"),
        ({"kind": "encoder-decoder"}, "there is no graph encode"),
    ],
)
def test_settings_that_do_not_fit_the_graphs(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    save_package(tmp_path, Toy().graphs(), SETTINGS, formats=["webnn"])
    (tmp_path / "generation.json").write_text(replace(SETTINGS, **settings).text())
    with pytest.raises(ValidationError, match=said):
        Generator.open(tmp_path)


def test_graphs_of_another_model(tmp_path: Path) -> None:
    save_package(tmp_path / "one", Toy().graphs(), SETTINGS, formats=["webnn"])
    save_package(tmp_path / "two", Toy(1).graphs(), SETTINGS, formats=["webnn"])
    (tmp_path / "two" / "decode.webnn").replace(tmp_path / "one" / "decode.webnn")
    with pytest.raises(WebNNError) as raised:
        Generator.open(tmp_path / "one")
    assert raised.value.code == "weights-do-not-match"

"""Sounds, and what strangers' models say of them, that no model is asked about: each is one error, before it takes time or memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.described.graphs import graph_of
from tests.tasks.recordings import recording, voice
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.generation.sound import read_sound
from webnn_graph.metadata import Audio, Characters, Labels, Metadata, metadata_of, problems
from webnn_graph.tasks.listening import Listening


def spectrogram(**how: Any) -> Metadata:
    sound = {"kind": "audio", "sampling_rate": 16_000, "spectrogram": {"length": 400, "hop": 160, "mels": 80, **how}}
    return metadata_of({"tensors": {"x": sound}})


@pytest.mark.parametrize("how", [{"highest": 1e-300}, {"lowest": 7999.5}, {"lowest": 1000.0, "highest": 1000.5}], ids=str)
def test_mels_without_a_width(how: Mapping[str, Any]) -> None:
    graph = graph_of({"x": (1, 10, 80)}, {"y": (1, 2)})
    assert [said for said in problems(spectrogram(**how), graph.inputs, graph.outputs) if "less than 1 Hz" in said]


@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_texts_without_steps(shape: tuple[int, ...]) -> None:
    metadata = Metadata(tensors={"y": Characters(names=("a", "b", "c"))})
    graph = graph_of({"x": (1, 100)}, {"y": shape})
    assert list(problems(metadata, graph.inputs, graph.outputs)) == [
        f"output y {list(shape)} is not characters as metadata say: a text has steps and characters"
    ]


@pytest.mark.parametrize("how", [{"std": 5e-324}, {"scale": 1e-300}, {"range": 1e-10}], ids=str)
def test_factors_that_leave_nothing(how: Mapping[str, Any]) -> None:
    with pytest.raises(FormatError, match="metadata: "):
        spectrogram(**how)


def test_no_sound_is_made_longer_without_end() -> None:
    with pytest.raises(FormatError, match="384000"):
        metadata_of({"tensors": {"x": {"kind": "audio", "sampling_rate": 2**20 - 3}}})


@pytest.mark.parametrize(("size", "width", "said"), [(1, 2, "in 300,000 windows of"), (1000, 10**7, "in 300 windows of 0.0625 seconds")])
def test_windows_without_end(size: int, width: int, said: str) -> None:
    audio = Audio(sampling_rate=16_000)
    graph = graph_of({"x": (1, size)}, {"y": (1, 2)})
    graph = replace(graph, metadata=Metadata(tensors={"x": audio, "y": Labels(names=("a", "b"))}).document())
    asked = []

    def compute(feeds: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(feeds)
        return {"y": np.broadcast_to(np.float32(0), (width,))}

    with pytest.raises(ValidationError, match=said):
        Listening(graph, "x", audio, np.zeros(300_000, np.float32)).computed(compute, {})
    assert len(asked) == 1


@pytest.mark.parametrize("cut", [0, 4, 20])
def test_files_that_end_too_early(cut: int, tmp_path: Path) -> None:
    file = recording(tmp_path / "sound.wav", voice(100))
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(FormatError, match="it ends too early"):
        read_sound(file, 16_000)

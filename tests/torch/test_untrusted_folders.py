"""Hugging Face folders of strangers: nothing is downloaded, no code of theirs is run, no file outside is read."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from webnn_graph.errors import ConversionError, FormatError

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
INPUT = InputSpec.parse("input_ids:int64[1,4]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny model."""
    path = tmp_path / "model"
    config = transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=10)
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(path)
    return path


def changed(folder: Path, **members: Any) -> Path:
    """The folder with these members in its config.json."""
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | members))
    return folder


def converted(path: Path) -> None:
    TorchModel(path, inputs=[INPUT]).convert()


def test_the_folder_of_these_tests_converts(folder: Path) -> None:
    converted(folder)


@pytest.mark.parametrize("shard", ["../elsewhere.safetensors", "/etc/hostname", "missing.safetensors", "", ".."])
def test_shards_stay_in_the_folder(folder: Path, shard: str) -> None:
    (folder / "model.safetensors").rename(folder.parent / "elsewhere.safetensors")
    index = {"metadata": {"total_size": 1}, "weight_map": {"embeddings.word_embeddings.weight": shard}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ConversionError, match="is not in the model's folder"):
        converted(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "generation_config.json"])
def test_links_stay_in_the_folder(folder: Path, name: str) -> None:
    outside = folder.parent / "outside"
    (folder / name).touch()
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    with pytest.raises(ConversionError, match="is a link out of the model's folder"):
        converted(folder)


def test_links_within_the_folder_are_fine(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "weights")
    (folder / "model.safetensors").symlink_to("weights")
    converted(folder)


def test_a_snapshot_of_the_library_s_cache_is_fine(folder: Path, tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "models--tiny" / "blobs", tmp_path / "models--tiny" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for file in folder.iterdir():
        shutil.copy(file, blobs / f"blob-{file.name}")
        (snapshot / file.name).symlink_to(f"../../blobs/blob-{file.name}")
    converted(snapshot)


def test_code_for_attention_is_not_fetched(folder: Path) -> None:
    with pytest.raises(ConversionError, match="wants the code of 'somebody/attention'"):
        converted(changed(folder, attn_implementation="somebody/attention"))


def test_code_for_a_part_s_attention_is_not_fetched(folder: Path) -> None:
    with pytest.raises(ConversionError, match="wants the code of 'somebody/attention'"):
        converted(changed(folder, attn_implementation={"": "somebody/attention"}))


def test_weights_are_those_of_the_folder(folder: Path) -> None:
    with pytest.raises(ConversionError, match="names a file of weights"):
        converted(changed(folder, transformers_weights="sub/model.safetensors.index.json"))


def test_shards_of_subfolders_stay_there(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "model.safetensors.index.json").write_text('{"weight_map": {"w": "../../elsewhere.safetensors"}}')
    with pytest.raises(ConversionError, match="is not in the model's folder"):
        converted(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "x.index.json")
    with pytest.raises(ConversionError, match="is neither a file nor a folder"):
        converted(folder)
    os.mkfifo(folder.parent / "model.pt")
    with pytest.raises(FormatError, match="is neither a file nor a folder"):
        TorchModel(folder.parent / "model.pt").convert()


def test_an_adapter_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}')
    with pytest.raises(ConversionError, match="is an adapter of another model"):
        converted(folder)


def test_a_backbone_is_not_downloaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: asked.append(args) or [])
    (folder / "config.json").write_text(
        json.dumps({"model_type": "upernet", "backbone": "somebody/backbone", "use_pretrained_backbone": True})
    )
    with pytest.raises(FormatError, match=r"cannot be loaded by transformers \S+: \w+: \S+") as raised:
        converted(folder)
    assert asked == []
    assert "nothing is downloaded" in raised.value.hint


def test_code_in_the_folder_is_not_run(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (folder / "code.py").write_text(f"open({str(marker)!r}, 'w')\nclass Config: pass\nclass Model: pass\n")
    changed(folder, model_type="own", auto_map={"AutoConfig": "code.Config", "AutoModel": "code.Model"})
    with pytest.raises(FormatError, match="cannot be loaded by transformers"):
        converted(folder)
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_a_damaged_configuration_is_refused(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)
    with pytest.raises(FormatError, match="cannot be read as JSON"):
        converted(folder)

"""``webnn run --image`` and ``--audio``: the same as transformers' pipelines say, and what is refused."""

from __future__ import annotations

import json
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result

from tests.cli.conftest import invoke as invoke

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("PIL", reason="pillow is not installed")

import PIL.Image  # noqa: E402

from tests.described.graphs import graph_of  # noqa: E402
from tests.tasks.pictures import mosaic  # noqa: E402
from webnn_graph import save  # noqa: E402
from webnn_graph.metadata import Image, Labels, Metadata  # noqa: E402

Invoke = Callable[..., Result]
NAMES = {0: "cat", 1: "dog", 2: "it's <b>", 3: "tree"}
NAMED = {"id2label": NAMES, "label2id": {name: i for i, name in NAMES.items()}}
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def converted(model: Any, processor: Any, folder: Path, invoke: Invoke, spread: float = 0.2, **dims: int) -> Path:
    """A model of transformers with random weights, with its processor, as a graph."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * spread
    model.eval().save_pretrained(folder / "model")
    processor.save_pretrained(folder / "model")
    sizes = [text for name, size in dims.items() for text in ("--dim", f"{name}={size}")]
    result = invoke("torch2webnn", folder / "model", "-o", folder, *sizes)
    assert result.exit_code == 0, result.output
    return folder / "model.webnn"


@pytest.fixture
def classifier(tmp_path: Path, invoke: Invoke) -> Path:
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL, image_size=32, patch_size=8, **NAMED))
    return converted(model, transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}), tmp_path, invoke)


@pytest.mark.parametrize("size", [(50, 70), (32, 32), (1, 1), (3, 200)])
def test_labels_are_those_of_the_pipeline(size: tuple[int, int], classifier: Path, tmp_path: Path, invoke: Invoke) -> None:
    picture = mosaic(*size)
    picture.save(tmp_path / "picture.png")
    result = invoke("webnn", "run", classifier, "--image", tmp_path / "picture.png", "--top", 3, "--json")
    assert result.exit_code == 0, result.output
    model = transformers.ViTForImageClassification.from_pretrained(tmp_path / "model")
    processor = transformers.ViTImageProcessorPil.from_pretrained(tmp_path / "model")
    pipeline = transformers.pipeline("image-classification", model=model, image_processor=processor, device="cpu")
    expected = pipeline(picture, top_k=3)
    (found,) = json.loads(result.stdout)["labels"].values()
    assert [one["label"] for one in found] == [one["label"] for one in expected]
    np.testing.assert_allclose([one["score"] for one in found], [one["score"] for one in expected], atol=1e-4)


def test_a_table_of_labels(classifier: Path, tmp_path: Path, invoke: Invoke) -> None:
    mosaic(40, 40).save(tmp_path / "picture.png")
    result = invoke("webnn", "run", classifier, "--image", tmp_path / "picture.png", "--top", 2)
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["logits", "score"] and len([line for line in lines if line]) == 4
    assert max(map(len, lines)) <= 80


def test_objects_are_drawn(tmp_path: Path, invoke: Invoke) -> None:
    backbone = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8] * 4, depths=[1] * 4, out_features=["stage4"])
    widths = {"d_model": 16, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "num_queries": 8}
    layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, **widths, **layers, **NAMED
    )
    size = {"shortest_edge": 64, "longest_edge": 64}
    processor = transformers.DetrImageProcessorPil(size=size, do_pad=False)
    graph = converted(transformers.DetrForObjectDetection(config), processor, tmp_path, invoke, height=64, width=64)
    picture = mosaic(128, 128)
    picture.save(tmp_path / "picture.png")
    options = ["--threshold", 0.1, "--save", tmp_path / "drawn.png"]
    result = invoke("webnn", "run", graph, "--image", tmp_path / "picture.png", *options, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["objects"]
    model = transformers.DetrForObjectDetection.from_pretrained(tmp_path / "model").eval()
    with torch.no_grad():
        given = model(**processor(picture, return_tensors="pt"))
    (right,) = processor.post_process_object_detection(given, threshold=0.1, target_sizes=[(128, 128)])
    order = np.argsort(-right["scores"].numpy(), kind="stable")
    assert len(found) == len(order) > 0
    np.testing.assert_allclose([one["score"] for one in found], right["scores"].numpy()[order], atol=1e-3)
    np.testing.assert_allclose([one["box"] for one in found], right["boxes"].numpy()[order].clip(0, 128), atol=1)
    drawn = np.asarray(PIL.Image.open(tmp_path / "drawn.png"))
    assert drawn.shape == (128, 128, 3) and (drawn != np.asarray(picture)).any()
    again = invoke("webnn", "run", graph, "--image", tmp_path / "picture.png", *options)
    assert again.exit_code == 1 and "drawn.png" in again.stderr  # it exists


def recording(file: Path, rate: int = 16_000, samples: int = 800) -> Path:
    with wave.open(str(file), "wb") as sound:
        sound.setframerate(rate)
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.writeframes((np.sin(np.arange(samples) / 5) * 9000).astype("<i2").tobytes())
    return file


def test_a_sound(tmp_path: Path, invoke: Invoke) -> None:
    convolutions = {"conv_dim": (8, 8), "conv_stride": (5, 2), "conv_kernel": (10, 3)}
    widths = {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 8}
    config = transformers.Wav2Vec2Config(**SMALL, **convolutions, **widths, **NAMED)
    extractor = transformers.Wav2Vec2FeatureExtractor()
    graph = converted(transformers.Wav2Vec2ForSequenceClassification(config), extractor, tmp_path, invoke, samples=800)
    result = invoke("webnn", "run", graph, "--audio", recording(tmp_path / "sound.wav"), "--json")
    assert result.exit_code == 0, result.output
    model = transformers.Wav2Vec2ForSequenceClassification.from_pretrained(tmp_path / "model").eval()
    samples = (np.sin(np.arange(800) / 5) * 9000).astype("<i2") / np.float32(2**15)
    with torch.no_grad():
        logits = model(**extractor(samples, sampling_rate=16_000, return_tensors="pt")).logits
    scores, ids = logits.softmax(-1)[0].topk(4)
    (found,) = json.loads(result.stdout)["labels"].values()
    assert [one["label"] for one in found] == [NAMES[int(i)] for i in ids]
    np.testing.assert_allclose([one["score"] for one in found], scores, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--image", "."], 1, ".: it is a folder, not a file [no-such-file]"),
        (["--image", "strip.png", "--save", "strip.png"], 1, "strip.png is both --image and --save; what is read is never written over"),
        (["--top", "80x"], 2, "'80x' is no whole number"),
        (["--image", "none.png"], 1, "none.png is no picture that can be read"),
        (["--image", "absent.png"], 1, "absent.png: there is no such file"),
        (["--audio", "none.png"], 1, "is given a sound, and none of its inputs is said to be one"),
        (["--save", "drawn.png"], 2, "--save is for --image"),
        (["--image", "white.png", "--save", "drawn.png"], 1, "--save: model says nothing that is drawn in a picture"),
    ],
)
def test_what_is_refused(
    options: list[str], status: int, said: str, classifier: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> None:
    mosaic(8, 8).save(classifier.parent / "strip.png")
    monkeypatch.chdir(classifier.parent)
    Path("none.png").write_text("no picture")
    PIL.Image.new("RGB", (9, 9)).save("white.png")
    result = invoke("webnn", "run", classifier, *options)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    assert said in result.stderr and "Traceback" not in result.stderr
    assert not Path("drawn.png").exists()


def test_a_picture_that_does_not_fit(tmp_path: Path, invoke: Invoke) -> None:
    graph = graph_of({"x": (1, 3, 64, 64)}, {"y": (1, 2)})
    metadata = Metadata(tensors={"x": Image(resize="cover"), "y": Labels(names=("a", "b"))})
    save(replace(graph, metadata=metadata.document()), tmp_path / "m.webnn")
    mosaic(20_000, 1).save(tmp_path / "strip.png")
    result = invoke("webnn", "run", tmp_path / "m.webnn", "--image", tmp_path / "strip.png")
    assert result.exit_code == 1
    assert "strip.png: the picture of 1 x 20,000 pixels is to become 64 x 1,280,000; " in result.stderr and "[wrong-input]" in result.stderr


def test_a_graph_that_says_nothing(classifier: Path, tmp_path: Path, invoke: Invoke) -> None:
    mosaic(8, 8).save(tmp_path / "picture.png")
    text = classifier.read_text()
    (tmp_path / "mute.webnn").write_text("\n".join(line.partition("  # ")[0] for line in text.splitlines()))
    (tmp_path / "model.safetensors").rename(tmp_path / "mute.safetensors")
    result = invoke("webnn", "run", tmp_path / "mute.webnn", "--image", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert "is given a picture, and none of its inputs is said to be one [unknown-input]" in result.stderr
    assert f"\nhint: webnn2json {tmp_path / 'mute.webnn'} --image pixel_values:rgb,mean=0.5 says so" in result.stderr


def test_without_pillow(classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    result = invoke("webnn", "run", classifier, "--image", tmp_path / "picture.png")
    assert result.exit_code == 1
    assert "pictures need the package pillow, which is not installed" in result.stderr and "webnn-convert[images]" in result.stderr

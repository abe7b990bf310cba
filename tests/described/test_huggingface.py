"""What folders of Hugging Face say of inputs and outputs, as the library's own processors write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.described import described
from converters.torch.configured import processor_of
from tests.described.graphs import graph_of
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Boxes, Characters, Depth, Embedding, Image, Labels, Meaning, Metadata, Regression, Target, Tokens

LABELS = {"0": "cat", "1": "dog", "2": "it's <b>"}
NAMES = ("cat", "dog", "it's <b>")
VIT = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 32, "width": 32},
}
CROP = {"height": 32, "width": 32}
NORMALIZED = {"scale": 0.00392156862745098, "mean": (0.5, 0.4, 0.3), "std": (0.5, 0.5, 0.5)}
PICTURE = {"pixel_values": (1, 3, 32, 32)}


def said(folder: Path, graph: Graph, config: dict[str, Any], **files: Any) -> Graph:
    """The graph as it is with these files in the folder of its model."""
    for name, content in {"config": {"model_type": "some", **config}, **files}.items():
        file = folder / f"{name.replace('__', '/')}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    return described(graph, folder)


told = said


def test_a_classifier_of_pictures(tmp_path: Path) -> None:
    config = {"architectures": ["ViTForImageClassification"], "id2label": LABELS}
    metadata = Metadata.of(said(tmp_path, graph_of(PICTURE, {"logits": (1, 3)}), config, preprocessor_config=VIT))
    assert metadata.task == "image-classification"
    assert metadata.tensors == {"pixel_values": Image(**NORMALIZED), "logits": Labels(names=NAMES)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"do_normalize": False}, {"mean": (), "std": ()}),
        ({"do_rescale": False}, {"scale": 1.0}),
        ({"resample": 3}, {"resample": "bicubic"}),
        ({"resample": None}, {}),
        ({"do_flip_channel_order": True}, {"channels": "bgr"}),
        (
            {"size": {"shortest_edge": 40}, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}},
            {"resize": "cover", "edge": 40},
        ),
        ({"size": {"shortest_edge": 40}, "do_center_crop": True, "crop_size": 32}, {"resize": "cover", "edge": 40}),
        ({"size": 40, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}}, {"resize": "cover", "edge": 40}),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, {"resize": "cover", "edge": 256}),
        ({"size": {"shortest_edge": 384}, "crop_pct": 0.875}, {}),
        ({"size": {"shortest_edge": 800, "longest_edge": 1333}}, {"resize": "contain", "place": "corner"}),
    ],
)
def test_how_a_picture_is_made(changed: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    graph = said(tmp_path, graph_of(PICTURE, {"y": (1,)}), {}, preprocessor_config={**VIT, **changed})
    assert Metadata.of(graph).tensors == {"pixel_values": Image(**{**NORMALIZED, **expected})}
    assert graph.notes == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"image_mean": "grey"}, "could not convert string to float: 'grey'"),
        ({"size": "big"}, "size is 'big', not pixels"),
        ({"size": {"shortest_edge": "big"}}, "size is {'shortest_edge': 'big'}, not pixels"),
        ({"crop_size": [32, -1]}, "crop_size is [32, -1], not pixels"),
        ({"resample": 99}, "resample is 99, not a number from 0 to 5"),
        ({"resample": "bicubic"}, "resample is 'bicubic', not a number from 0 to 5"),
    ],
)
def test_a_member_that_is_damaged(changed: dict[str, Any], what: str, tmp_path: Path) -> None:
    graph = said(tmp_path, graph_of(PICTURE, {"y": (1,)}), {}, preprocessor_config={**VIT, **changed})
    (note,) = graph.notes
    assert note.startswith(f"what {tmp_path.name} says of inputs and outputs is left out") and note.endswith(what)
    assert graph.metadata == {}


@pytest.mark.parametrize("content", ["{not json", "[1]", ""])
@pytest.mark.parametrize("name", ["preprocessor_config.json", "config.json"])
def test_a_file_that_is_damaged(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "some"}))
    (tmp_path / name).write_text(content)
    graph = described(graph_of(PICTURE, {"y": (1,)}), tmp_path)
    assert graph.notes == (f"{name} is damaged, it is no object of JSON; what it says is left out",)


def test_a_processor_within_another_file(tmp_path: Path) -> None:
    graph = said(tmp_path, graph_of(PICTURE, {"y": (1,)}), {}, processor_config={"image_processor": VIT})
    assert Metadata.of(graph).tensors == {"pixel_values": Image(**NORMALIZED)}


CLASSES: list[tuple[str, dict[str, Any], dict[str, tuple[int, ...]], str, dict[str, Meaning]]] = [
    ("SegformerForSemanticSegmentation", {}, {"logits": (1, 3, 8, 8)}, "image-segmentation", {"logits": Labels(names=NAMES, axis=-3)}),
    (
        "DetrForObjectDetection",
        {},
        {"logits": (1, 5, 4), "pred_boxes": (1, 5, 4)},
        "object-detection",
        {"logits": Labels(names=(*NAMES, "")), "pred_boxes": Boxes(format="cxcywh")},
    ),
    (
        "RTDetrForObjectDetection",
        {},
        {"logits": (1, 5, 3), "pred_boxes": (1, 5, 4)},
        "object-detection",
        {"logits": Labels(names=NAMES, several=True), "pred_boxes": Boxes(format="cxcywh")},
    ),
    ("DPTForDepthEstimation", {}, {"predicted_depth": (1, 8, 8)}, "depth-estimation", {"predicted_depth": Depth(inverse=True)}),
    ("GLPNForDepthEstimation", {"model_type": "glpn"}, {"predicted_depth": (1, 8, 8)}, "depth-estimation", {"predicted_depth": Depth()}),
    ("CLIPModel", {}, {"image_embeds": (1, 8)}, "image-feature-extraction", {"image_embeds": Embedding(normalized=True)}),
    ("ViTModel", {}, {"last_hidden_state": (1, 5, 8), "pooler_output": (1, 8)}, "image-feature-extraction", {"pooler_output": Embedding()}),
    ("SomethingElse", {}, {"logits": (1, 3)}, "", {}),
    (
        "BeitForImageClassification",
        {"problem_type": "multi_label_classification"},
        {"logits": (1, 3)},
        "image-classification",
        {"logits": Labels(names=NAMES, several=True)},
    ),
    (
        "BeitForImageClassification",
        {"problem_type": "regression"},
        {"logits": (1, 3)},
        "image-classification",
        {"logits": Regression(targets=tuple(Target(name=name) for name in NAMES))},
    ),
]


@pytest.mark.parametrize(("name", "config", "outputs", "task", "expected"), CLASSES)
def test_what_models_of_pictures_give(
    name: str,
    config: dict[str, Any],
    outputs: dict[str, tuple[int, ...]],
    task: str,
    expected: dict[str, Meaning],
    tmp_path: Path,
) -> None:
    metadata = Metadata.of(said(tmp_path, graph_of(PICTURE, outputs), {"architectures": [name], "id2label": LABELS, **config}))
    assert (metadata.task, metadata.tensors) == (task, expected)


def test_texts(tmp_path: Path) -> None:
    inputs = dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), (1, 8))
    config = {"architectures": ["BertForSequenceClassification"], "id2label": LABELS, "pad_token_id": 7}
    metadata = Metadata.of(said(tmp_path, graph_of(inputs, {"logits": (1, 3)}), config))
    assert metadata.task == "text-classification"
    assert metadata.tensors == {
        "input_ids": Tokens(pad=7),
        "attention_mask": Tokens(holds="mask"),
        "token_type_ids": Tokens(holds="types"),
        "logits": Labels(names=NAMES),
    }


@pytest.mark.parametrize("normalized", [True, False])
def test_sentences(normalized: bool, tmp_path: Path) -> None:
    types = ["Transformer", "Pooling", *(["Normalize"] if normalized else [])]
    modules = [{"idx": i, "path": "", "type": f"sentence_transformers.models.{kind}"} for i, kind in enumerate(types)]
    pooling = {"word_embedding_dimension": 8, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    graph = graph_of({"input_ids": (1, 8)}, {"last_hidden_state": (1, 8, 8), "pooler_output": (1, 8)})
    metadata = Metadata.of(said(tmp_path, graph, {"architectures": ["BertModel"]}, modules=modules, **{"1_Pooling__config": pooling}))
    assert metadata.task == "sentence-similarity"
    assert metadata.tensors["last_hidden_state"] == Embedding(pooling="mean", normalized=normalized)
    assert "pooler_output" not in metadata.tensors


def test_speech(tmp_path: Path) -> None:
    graph = graph_of({"input_values": (1, 1600)}, {"logits": (1, 10, 6)})
    metadata = Metadata.of(
        said(
            tmp_path,
            graph,
            {"architectures": ["Wav2Vec2ForCTC"], "pad_token_id": 0},
            preprocessor_config={"sampling_rate": 16_000, "do_normalize": True, "feature_size": 1},
            vocab={"<pad>": 0, "<s>": 1, "</s>": 2, "|": 3, "B": 5, "A": 4},
            tokenizer_config={"word_delimiter_token": "|"},
        )
    )
    assert metadata.task == "automatic-speech-recognition"
    assert metadata.tensors == {
        "input_values": Audio(sampling_rate=16_000, normalized=True),
        "logits": Characters(names=("", "", "", " ", "A", "B"), blank=0),
    }


@pytest.mark.parametrize(
    ("said", "shape", "expected"),
    [
        ({"feature_extractor_type": "WhisperFeatureExtractor"}, (1, 80, 100), {"hop": 160, "mels": 80, "layout": "mels_frames"}),
        ({"feature_extractor_type": "ASTFeatureExtractor", "num_mel_bins": 8}, (1, 50, 8), {"fft": 512, "mean": -4.2677393, "mels": 8}),
        ({"feature_extractor_type": "SeamlessM4TFeatureExtractor"}, (1, 50, 160), {"stack": 2, "normalize": "variance", "window": "povey"}),
        ({"feature_extractor_type": "ClapFeatureExtractor"}, (1, 4, 1001, 64), {"log": "db", "length": 1024, "last": True}),
    ],
)
def test_spectrograms(said: dict[str, Any], shape: tuple[int, ...], expected: dict[str, Any], tmp_path: Path) -> None:
    graph = graph_of({"input_features": shape}, {"logits": (1, 3)})
    config = {"architectures": ["SomeForSequenceClassification"], "id2label": LABELS}
    metadata = Metadata.of(told(tmp_path, graph, config, preprocessor_config=said))
    meaning = metadata.tensors["input_features"]
    assert isinstance(meaning, Audio) and meaning.spectrogram and metadata.task == "audio-classification"
    assert {name: getattr(meaning.spectrogram, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("said", "shape", "note"),
    [
        ({"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 128}, (1, 80, 100), "mels_frames of 128 mels has 128"),
        ({"feature_extractor_type": "WhisperFeatureExtractor", "hop_length": 0}, (1, 80, 100), "a member is not what its place takes"),
        ({"feature_extractor_type": "WhisperFeatureExtractor", "n_fft": "big"}, (1, 80, 100), "a member is not what its place takes"),
        ({"feature_extractor_type": "ASTFeatureExtractor", "std": 0}, (1, 50, 128), "a member is not what its place takes"),
        ({"feature_extractor_type": "ASTFeatureExtractor", "sampling_rate": -1}, (1, 50, 128), "a member is not what its place takes"),
        ({"feature_extractor_type": "ASTFeatureExtractor", "sampling_rate": [1]}, (1, 50, 128), "a member is not what its place takes"),
        ({"feature_extractor_type": "WhisperFeatureExtractor", "dither": 0.1}, (1, 80, 100), ""),
        ({"feature_extractor_type": ["x"]}, (1, 80, 100), ""),
    ],
)
def test_spectrograms_that_cannot_be(said: dict[str, Any], shape: tuple[int, ...], note: str, tmp_path: Path) -> None:
    graph = told(tmp_path, graph_of({"input_features": shape}, {"y": (1, 3)}), {}, preprocessor_config=said)
    assert not Metadata.of(graph).tensors and (note in "".join(graph.notes) if note else not graph.notes)


@pytest.mark.parametrize(
    "strides", [[["x"], 10**12], ["x", 10**12], [10**4000] * 200, [1.5, 2], [True, 2]], ids=["list", "text", "many", "fractions", "truth"]
)
def test_strides_that_are_none(strides: list[Any], tmp_path: Path) -> None:
    """They are multiplied only where they are a few integers."""
    (tmp_path / "vocab.json").write_text(json.dumps({"a": 0, "b": 1, "c": 2}))
    config = {"architectures": ["Wav2Vec2ForCTC"], "conv_stride": strides}
    graph = said(tmp_path, graph_of({"input_values": (1, 1600)}, {"logits": (1, 4, 3)}), config)
    assert Metadata.of(graph).tensors["logits"] == Characters(names=("a", "b", "c"))


def test_a_sound_in_channels(tmp_path: Path) -> None:
    graph = graph_of({"input_values": (1, 1, 2400)}, {"y": (1, 3)})
    said_ = {"feature_extractor_type": "EncodecFeatureExtractor", "sampling_rate": 24_000, "feature_size": 1}
    assert Metadata.of(said(tmp_path, graph, {}, preprocessor_config=said_)).tensors == {"input_values": Audio(sampling_rate=24_000)}


def test_sounds_are_no_texts(tmp_path: Path) -> None:
    graph = graph_of({"input_values": (1, 1600)}, {"logits": (1, 3)})
    config = {"architectures": ["Wav2Vec2ForSequenceClassification"], "id2label": LABELS}
    assert Metadata.of(said(tmp_path, graph, config, preprocessor_config={"sampling_rate": 8000})).task == "audio-classification"


def test_a_model_of_onnx_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    said(tmp_path, graph_of(PICTURE, {"logits": (1, 3)}), {"architectures": ["ViTForImageClassification"], "id2label": LABELS})
    graph = described(graph_of(PICTURE, {"logits": (1, 3)}), tmp_path / "onnx" / "model.onnx")
    assert Metadata.of(graph).tensors == {"logits": Labels(names=NAMES)}


def test_what_contradicts_the_graph_is_left_out_and_said(tmp_path: Path) -> None:
    config = {"architectures": ["ViTForImageClassification"], "id2label": LABELS}
    graph = said(tmp_path, graph_of(PICTURE, {"logits": (1, 4)}), config, preprocessor_config=VIT)
    assert list(Metadata.of(graph).tensors) == ["pixel_values"]
    (note,) = graph.notes
    assert note == f"{tmp_path.name} says that logits [1, 4] is labels, which it cannot be: there are 3 labels for 4 numbers"


@pytest.mark.parametrize(
    ("config", "processor"),
    [
        ({"id2label": ["a", "b"]}, VIT),
        ({"id2label": {"a": "b"}}, VIT),
        ({"id2label": {"0": "a" * 5000}}, VIT),
        ({"architectures": "ViTForImageClassification"}, VIT),
        ({}, {**VIT, "image_mean": "half"}),
        ({}, {**VIT, "image_mean": [0.5, None, 0.5]}),
        ({}, {**VIT, "rescale_factor": "1/255"}),
        ({}, {**VIT, "rescale_factor": -1}),
        ({}, {**VIT, "size": {"shortest_edge": "big"}, "crop_size": {"height": 32}, "do_center_crop": True}),
        ({}, {**VIT, "size": {"shortest_edge": 100}, "crop_pct": 0}),
        ({}, {**VIT, "image_std": [0, 0, 0]}),
        ({}, []),
    ],
)
def test_damaged_files_stop_no_conversion(config: dict[str, Any], processor: Any, tmp_path: Path) -> None:
    whole = {"architectures": ["ViTForImageClassification"], "id2label": LABELS, **config}
    graph = said(tmp_path, graph_of(PICTURE, {"logits": (1, 3)}), whole, preprocessor_config=processor)
    assert len(Metadata.of(graph).tensors) < 2
    assert all("\n" not in note for note in graph.notes)


def test_links_of_the_librarys_own_cache(tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "1", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    said(blobs, graph_of(PICTURE, {"y": (1,)}), {}, preprocessor_config=VIT)
    for file in list(blobs.iterdir()):
        (snapshot / file.name).symlink_to(f"../../blobs/{file.name}")
    assert Metadata.of(described(graph_of(PICTURE, {"y": (1,)}), snapshot)).tensors == {"pixel_values": Image(**NORMALIZED)}
    assert processor_of(snapshot)["image_mean"] == VIT["image_mean"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "model"
    said(outside, graph_of(PICTURE, {"y": (1,)}), {}, preprocessor_config=VIT)
    folder.mkdir()
    for file in outside.iterdir():
        (folder / file.name).symlink_to(file)
    graph = graph_of(PICTURE, {"y": (1,)})
    assert described(graph, folder) is graph and processor_of(folder) == {}


def test_other_files_of_that_name_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"id2label": LABELS}))
    graph = graph_of(PICTURE, {"logits": (1, 3)})
    assert described(graph, tmp_path) is graph


@pytest.mark.parametrize(
    ("card", "license"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n", "Apache-2.0"),
        ("\ufeff---\r\nlicense: 'mit'  # or so\r\n---\r\n", "MIT"),
        ("---\nlicense: openrail\n---\n", "openrail"),
        ("---\nlicense: other\nlicense_name: some-community\nlicense_link: LICENSE\n---\n", "some-community"),
        ("---\nlicense: other\n---\n", ""),
        ("---\nlicense:\n- mit\n- gpl-3.0\n---\n", ""),
        ("# A model\nlicense: mit\n", ""),
        ("---\nlicense: \x1b[31mmit\n---\n", ""),
        ("", ""),
    ],
)
def test_the_license_of_a_model_card(card: str, license: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card, "utf-8", newline="")
    graph = said(tmp_path, graph_of(PICTURE, {"logits": (1, 3)}), {})
    assert Metadata.of(graph).license == license

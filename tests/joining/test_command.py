"""``--with-preprocessing`` and ``--with-postprocessing``: what is written, what ``--verify`` says of it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result

from converters import joining
from converters.checking.joined_steps import verify_steps
from converters.joining.steps import Beginning, Ending
from tests.cli.conftest import invoke as invoke
from tests.cli.conftest import model as model
from webnn_graph import GraphBuilder, load
from webnn_graph.metadata import Image, Labels, Metadata
from webnn_graph.runtimes import run

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("PIL", reason="pillow is not installed")

from tests.tasks.pictures import mosaic  # noqa: E402

Invoke = Callable[..., Result]
NAMES = {0: "cat", 1: "dog", 2: "bird", 3: "tree"}
NAMED = {"id2label": NAMES, "label2id": {name: i for i, name in NAMES.items()}}
SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 32}
BOTH = ("--with-preprocessing", "--with-postprocessing")
PREPARING = {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4], "size": {"height": 32, "width": 32}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of transformers with random weights."""
    folder = tmp_path_factory.mktemp("joining") / "model"
    torch.manual_seed(0)
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL, image_size=32, patch_size=8, **NAMED))
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 5
    model.eval().save_pretrained(folder)
    transformers.ViTImageProcessorPil(**PREPARING).save_pretrained(folder)
    return folder


def done(result: Result) -> Result:
    assert result.exit_code == 0, result.output
    return result


def test_answers_are_those_of_the_pipeline(folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    done(invoke("torch2webnn", folder, "-o", tmp_path, *BOTH))
    graph = load(tmp_path / "model.webnn")
    assert [str(operand) for operand in graph.inputs] == ["pixel_values: uint8[1, 32, 32, 4]"]
    tensors = Metadata.of(graph).tensors
    assert tensors["pixel_values"] == Image(channels="rgba", layout="nhwc", joined=True)
    assert tensors["logits"] == Labels(names=tuple(NAMES.values()), scores="probabilities", joined=True)
    assert not {"sub", "mul", "linear"} & {node.op for node in graph.nodes[:5]}

    mosaic(50, 70).save(tmp_path / "picture.png")
    said = json.loads(done(invoke("webnn", "run", tmp_path / "model.webnn", "--image", tmp_path / "picture.png", "--json")).stdout)
    model = transformers.ViTForImageClassification.from_pretrained(folder)
    processor = transformers.ViTImageProcessorPil.from_pretrained(folder)
    pipeline = transformers.pipeline("image-classification", model=model, image_processor=processor, device="cpu")
    expected = pipeline(mosaic(50, 70), top_k=4)
    assert [one["label"] for one in said["labels"]["logits"]] == [one["label"] for one in expected]
    np.testing.assert_allclose([one["score"] for one in said["labels"]["logits"]], [one["score"] for one in expected], atol=1e-5)


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_verifying_compares_the_model_and_the_steps(weights: str, folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    options = ("-o", tmp_path, *BOTH, "--verify", "--weights", weights, "--no-measure")
    result = done(invoke("torch2webnn", folder, *options))
    assert "the model:\nreference runtime against PyTorch" in result.stdout
    assert "with the steps before and behind it:\nreference runtime against the model's graph" in result.stdout
    (graph,) = json.loads(done(invoke("torch2webnn", folder, *options, "--force", "--json")).stdout)["graphs"]
    verification = graph["verification"]
    assert verification["ok"] and verification["conversion"]["ok"] and verification["conversion"]["against"].startswith("PyTorch")
    steps = verification["joining"] if weights == "int8" else verification
    assert steps["against"].startswith("the model's graph") and steps["differences"][0]["name"] == "logits"
    assert ("sub" in {node.op for node in load(tmp_path / "model.webnn").nodes}) is (weights == "int8")


@pytest.mark.parametrize("wrong", ["beginning", "ending"])
def test_verifying_finds_a_wrong_step(wrong: str, folder: Path, tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture whose red and blue are exchanged, and probabilities in another order."""

    def made(*arguments: Any, **how: Any) -> joining.Joined:
        found = right(*arguments, **how)
        step: Beginning | Ending
        if wrong == "beginning":
            step = found.beginnings["pixel_values"]
            swapped = replace(step, prepared=lambda values: step.prepared(values[..., [2, 1, 0, 3]]))  # type: ignore[union-attr]
            return replace(found, beginnings={"pixel_values": swapped})
        step = found.endings["logits"]
        return replace(found, endings={"logits": replace(step, expected=lambda n, f, a: step.expected(n, f, a)[:, ::-1])})  # type: ignore[union-attr]

    right = joining.joined
    monkeypatch.setattr(joining, "joined", made)
    result = invoke("torch2webnn", folder, "-o", tmp_path, *BOTH, "--verify")
    assert result.exit_code == 3
    assert result.stdout.count("DIFFERS") == 1 and result.stdout.index("the steps before") < result.stdout.index("DIFFERS")


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "noise"), (1.00001, "DIFFERS")])
def test_what_rounding_does_to_a_model_is_no_fault(factor: float, verdict: str) -> None:
    """A model that makes much of the last bits of its input, and a step that is wrong by more than these."""
    b = GraphBuilder("network")
    y = b.sin(b.mul(b.input("x", "float32", [1, 3, 8, 8]), 3e3))
    image = Image(scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    made = joining.joined(replace(b.build({"y": y}), metadata=Metadata(tensors={"x": image}).document()), preprocessing=True)
    step = made.beginnings["x"]
    made = replace(made, beginnings={"x": replace(step, prepared=lambda x: step.prepared(x) * np.float32(factor))})
    feeds = {"x": step.made_up(np.random.default_rng(0))}
    (difference,) = verify_steps(made.graph, made, run, feeds, 1e-5).differences
    assert difference.verdict == verdict


def test_given_values_are_those_of_the_model(folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    np.savez(tmp_path / "inputs.npz", pixel_values=np.random.default_rng(0).random((1, 3, 32, 32), np.float32))
    options = ("--inputs", tmp_path / "inputs.npz", "--verify", "--weights", "int8")
    assert "what rounding changes" in done(invoke("torch2webnn", folder, "-o", tmp_path, *BOTH, *options)).stdout


def test_graphs_that_are_there(folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    done(invoke("torch2webnn", folder, "-o", tmp_path))
    done(invoke("webnn2json", tmp_path / "model.webnn", "-o", tmp_path / "joined", "--with-preprocessing"))
    graph = load(tmp_path / "joined" / "model.json")
    assert [str(operand) for operand in (*graph.inputs, *graph.outputs)] == ["pixel_values: uint8[1, 32, 32, 4]", "logits: float32[1, 4]"]
    result = invoke("webnn", "verify", tmp_path / "joined" / "model.json", "--against", folder)
    assert result.exit_code == 1 and "model has other inputs or outputs than its model: pixel_values" in result.stderr
    again = done(invoke("webnn2json", tmp_path / "joined" / "model.json", "-o", tmp_path / "again", "--with-preprocessing"))
    assert "model begins at what a page has already" in again.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dim", "height=32,64"), "are for one size of each dimension"),
        (("--generate", "4,8"), "--generate says what goes in and comes out"),
        (("--dim", "batch=2"), "pixel_values takes 2 pictures at once"),
        (("--picture-size", "48x64"), "pictures of 64 x 48 pixels become 32 x 32 for pixel_values, bilinear as Pillow does it"),
        (("--picture-size", "48"), "it is not like 480x640"),
        (("--picture-size", "0x9"), "it is not like 480x640"),
        (("--picture-size", "65537x9"), "each at most 65,536"),
    ],
)
def test_what_is_refused(options: tuple[str, ...], said: str, folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    result = invoke("torch2webnn", folder, "-o", tmp_path / "out", "--with-preprocessing", *options)
    assert result.exit_code in (1, 2) and said in result.stderr
    assert not (tmp_path / "out").exists()


def test_pictures_of_one_size(folder: Path, tmp_path: Path, invoke: Invoke) -> None:
    """A picture of that size gets the answer that the model's own graph gives it; one of another size is resized before."""
    image = ("--image", "pixel_values:rgb,linear,cover,mean=0.5,std=0.5")
    size = ("--with-preprocessing", "--picture-size", "48x64", "--verify")
    result = done(invoke("torch2webnn", folder, "-o", tmp_path, *image, *size))
    assert "takes uint8[1, 48, 64, 4] as canvases have it, of a picture that becomes 32 x 32 in the graph" in result.stderr
    done(invoke("torch2webnn", folder, "-o", tmp_path, *image, "--name", "plain"))
    for height, width in ((48, 64), (31, 70)):
        mosaic(height, width).save(tmp_path / "picture.png")
        answers = [
            json.loads(done(invoke("webnn", "run", tmp_path / f"{name}.webnn", "--image", tmp_path / "picture.png", "--json")).stdout)
            for name in ("model", "plain")
        ]
        scores = [{one["label"]: one["score"] for one in answer["labels"]["logits"]} for answer in answers]
        assert scores[0] == pytest.approx(scores[1], abs=1e-3 if height == 48 else 0.2)
    result = invoke("torch2webnn", folder, "-o", tmp_path / "out", "--picture-size", "48x64")
    assert result.exit_code == 2 and "--picture-size is for --with-preprocessing" in result.stderr


def test_a_model_that_says_nothing(model: Path, tmp_path: Path, invoke: Invoke) -> None:
    for option, said in (("--with-preprocessing", "no input of linear is said"), ("--with-postprocessing", "not said what any output")):
        result = invoke("onnx2webnn", model, "-o", tmp_path / "out", "--dim", "batch=1", option)
        assert result.exit_code == 1 and said in result.stderr
        assert not (tmp_path / "out").exists()

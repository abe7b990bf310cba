"""``webnn run --image`` of models that answer for each pixel, or with a vector: the same as transformers' pipelines say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from tests.cli.conftest import invoke as invoke

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("PIL", reason="pillow is not installed")

import PIL.Image  # noqa: E402

from tests.tasks.pictures import mosaic  # noqa: E402
from tests.tasks.test_command import NAMED, SMALL, converted  # noqa: E402

Invoke = Callable[..., Result]
PICTURE = mosaic(50, 70)
PYRAMID = {
    "num_encoder_blocks": 2,
    "depths": [1, 1],
    "sr_ratios": [2, 1],
    "hidden_sizes": [8, 16],
    "num_attention_heads": [1, 2],
    "patch_sizes": [7, 3],
    "strides": [4, 2],
    "mlp_ratios": [2, 2],
    "decoder_hidden_size": 16,
}


def said(graph: Path, folder: Path, invoke: Invoke, *options: object) -> Any:
    PICTURE.save(folder / "picture.png")
    result = invoke("webnn", "run", graph, "--image", folder / "picture.png", "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def pipeline(task: str, model: type[Any], processor: Any, folder: Path) -> Any:
    loaded = model.from_pretrained(folder / "model")
    return transformers.pipeline(task, model=loaded, image_processor=processor, device="cpu")


def test_segments(tmp_path: Path, invoke: Invoke) -> None:
    model = transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(**PYRAMID, **NAMED))
    processor = transformers.SegformerImageProcessorPil(size={"height": 64, "width": 64})
    graph = converted(model, processor, tmp_path, invoke, spread=0.5, height=64, width=64)
    found = said(graph, tmp_path, invoke, "--save", tmp_path / "drawn.png")
    right = pipeline("image-segmentation", transformers.SegformerForSemanticSegmentation, processor, tmp_path)(PICTURE)
    shares = {one["label"]: (np.asarray(one["mask"]) > 0).mean() for one in right}
    (segments,) = found["segments"].values()
    assert len(segments) == len(shares) > 1
    assert {one["label"]: one["share"] for one in segments} == pytest.approx(shares, abs=1e-3)
    colours = np.asarray(PIL.Image.open(tmp_path / "drawn.png")).astype(int) - np.asarray(PICTURE) // 2
    assert colours.shape == (50, 70, 3)
    counts = np.unique((colours // 4).reshape(-1, 3), axis=0, return_counts=True)[1] / 3500
    assert counts.max() > 0.9 * max(shares.values())
    table = invoke("webnn", "run", graph, "--image", tmp_path / "picture.png").stdout.splitlines()
    assert table[0].split() == ["logits", "share"] and len([line for line in table if line]) == 2 + len(shares)


@pytest.mark.parametrize("inverse", [False, True])
def test_depths(inverse: bool, tmp_path: Path, invoke: Invoke) -> None:
    if inverse:
        model = transformers.DPTForDepthEstimation(
            transformers.DPTConfig(
                **{**SMALL, "num_hidden_layers": 4},
                image_size=32,
                patch_size=8,
                backbone_out_indices=[0, 1, 2, 3],
                neck_hidden_sizes=[8] * 4,
                fusion_hidden_size=8,
            )
        )
        processor = transformers.DPTImageProcessorPil(size={"height": 32, "width": 32})
        graph = converted(model, processor, tmp_path, invoke)
    else:
        config = transformers.GLPNConfig(**PYRAMID)
        model, processor = transformers.GLPNForDepthEstimation(config), transformers.GLPNImageProcessorPil(size_divisor=16)
        graph = converted(model, processor, tmp_path, invoke, height=48, width=64)
    found = said(graph, tmp_path, invoke, "--save", tmp_path / "depth.png")
    right = pipeline("depth-estimation", type(model), processor, tmp_path)(PICTURE)
    values = right["predicted_depth"].numpy()
    (depth,) = found["depths"].values()
    assert depth == {"min": pytest.approx(values.min(), abs=1e-3), "max": pytest.approx(values.max(), abs=1e-3), "inverse": inverse}
    grey = np.asarray(PIL.Image.open(tmp_path / "depth.png"))
    assert values.max() - values.min() > 0.05
    assert np.abs(grey[..., 0].astype(int) - np.asarray(right["depth"])).max() <= 2
    assert invoke("webnn", "run", graph, "--image", tmp_path / "picture.png").stdout.endswith("the larger the nearer\n") == inverse


def test_vectors(tmp_path: Path, invoke: Invoke) -> None:
    model = transformers.ViTModel(transformers.ViTConfig(**SMALL, image_size=32, patch_size=8))
    processor = transformers.ViTImageProcessorPil(size={"height": 32, "width": 32})
    graph = converted(model, processor, tmp_path, invoke)
    found = said(graph, tmp_path, invoke)
    (right,) = pipeline("image-feature-extraction", transformers.ViTModel, processor, tmp_path)(PICTURE, pool=True)
    np.testing.assert_allclose(found["vectors"]["pooler_output"], right, atol=1e-4)
    line = invoke("webnn", "run", graph, "--image", tmp_path / "picture.png").stdout
    assert line.startswith("pooler_output: 32 numbers, of length ") and line.endswith(", ...\n")

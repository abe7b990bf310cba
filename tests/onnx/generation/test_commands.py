"""``onnx2webnn --generate``: the package, and what is said of bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner

import cli
from tests.onnx.generation import shared
from tests.onnx.generation.source import Source
from webnn_graph.generation import Generator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder of onnxruntime-genai."""
    path = tmp_path_factory.mktemp("model")
    onnx.save(shared.decoder(), path / "model.onnx")
    (path / "config.json").write_text('{"model_type": "tiny", "eos_token_id": 60}')
    return path


def test_package_generates_what_the_model_does(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.onnx2webnn, [str(folder), "--generate", "4,24", "--top-logits", "3", "-o", str(tmp_path), "--verify"])
    assert result.exit_code == 0, result.output
    assert {"decode.webnn", "prefill.js", "generation.json", "index.js", "model.safetensors"} <= {file.name for file in tmp_path.iterdir()}
    prompt = [7, 8, 9, 1, 2, 3]
    source, expected, following = Source(folder / "model.onnx"), [], prompt
    for _ in range(6):
        following = [int(np.argmax(source.feed(following)[-1]))]
        expected += following
    with Generator.open(tmp_path) as generator:
        assert list(generator.generate(prompt, max_tokens=6)) == expected


WRONG = [
    (["--generate", "4"], "'4' is not PROMPT,CACHE"),
    (["--generate", "24,4"], "a cache of 4 tokens does not hold a prompt of 24"),
    (["--generate", "4,24", "--input", "x"], "--generate says what the graphs are; --input is for other models"),
    (["--generate", "4,24", "--shape", "input_ids=1,4"], "--shape is for other models"),
    (["--generate", "4,24", "--simplify"], "--simplify is for other models"),
    (["--generate", "4,24", "--dim", "a=1,2"], "takes one size of each dimension"),
    ([], "is a Hugging Face folder, not an ONNX model"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_bad_input(arguments: list[str], message: str, folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.onnx2webnn, [str(folder), *arguments, "-o", str(tmp_path)])
    assert result.exit_code in (1, 2), result.output
    assert message in result.output
    assert not list(tmp_path.iterdir())

"""Converting a model twice gives the same bytes, whatever order a process keeps its sets in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.zoo
@pytest.mark.parametrize(("name", "task"), [("paraphrase_minilm_l3", ()), ("silero_vad_v6", ("task.js", "task.d.ts"))])
def test_same_bytes(name: str, task: tuple[str, ...], tmp_path: Path) -> None:
    folders = [tmp_path / seed for seed in ("1", "2")]
    for folder in folders:
        command = [sys.executable, "-m", "cli", "zoo", "convert", name, "--format", "webnn,json,js", "--output-dir", str(folder)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": folder.name}, check=True, capture_output=True)
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert set(first) == {f"{name}.{suffix}" for suffix in ("webnn", "json", "js", "d.ts", "safetensors", *task)}
    assert first == second

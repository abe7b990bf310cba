"""Some thousand damaged and hostile files: each gives a result or one clear error, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.case import MODULES
from tests.fuzz.driver import Worker, fuzz

SEED = 2026
CASES = {
    "onnx": 1500,
    "pt2": 100,  # a case is an export by PyTorch: a hundred times the work of reading a text
    "torchscript": 8,  # each of them a process of its own besides
    "safetensors": 1000,
    "json": 1000,
    "webnn": 1500,
}
"""As many of each format as take a third of a minute or less."""


@pytest.mark.parametrize("name", CASES)
def test_damaged_files(name: str) -> None:
    with Worker(name) as worker:
        outcome = fuzz(worker, SEED, range(CASES[name]))
    found = [
        f"{finding.verdict.kind}: {finding.verdict.text}\n  python -m tests.fuzz --format {name} --seed {SEED} --case {finding.number}"
        for finding in outcome.findings.values()
    ]
    assert not found, "\n".join([str(outcome), *found])
    assert outcome.counts["ok"] > CASES[name] // 50, f"hardly anything is read: {outcome}"
    assert outcome.counts["refused"] > CASES[name] // 50, f"hardly anything is refused: {outcome}"


def test_every_module_that_makes_files_is_one_of_a_format() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py")}
    making = {name for name, text in texts.items() if "\ndef bases(" in text and "\ndef mutate(" in text}
    assert making - {"misbehaving"} == set(MODULES.values())  # it is for the driver's own tests
    assert CASES.keys() == MODULES.keys()

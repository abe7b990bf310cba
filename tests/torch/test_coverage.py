"""The page of ATen operators is what the registry says, and core ATen is covered."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from cli import webnn
from converters.torch import coverage
from converters.torch.registry import core_overloads

PAGE = Path(__file__).parents[2] / "docs" / "aten-operators.md"
COMMAND = ["ops", "--frontend", "torch", "--markdown"]
IMPOSSIBLE = (
    "refused: its result is random",
    "refused: it belongs to the backward pass",
    "refused: the size of its result depends on the data",
)
"""Why core overloads may have no handler: what is not forward, deterministic and static."""


def test_page_is_up_to_date() -> None:
    result = CliRunner().invoke(webnn, COMMAND)
    assert result.exit_code == 0, result.output
    assert PAGE.read_text("utf-8") == result.stdout, f"make docs writes it: webnn {' '.join(COMMAND)} > docs/{PAGE.name}"


def test_every_core_overload_that_can_be_is_covered() -> None:
    rows = [row for row in coverage.table() if row[1] == "core"]
    assert len(rows) == len(list(core_overloads()))
    without = [(name, why) for name, _, how, why, _ in rows if not how]
    assert [(n, w) for n, w in without if not w.startswith(("does not occur", *IMPOSSIBLE)) and n != "_local_scalar_dense.default"] == []

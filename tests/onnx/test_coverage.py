"""The page of operators is what the registry says."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from cli import webnn
from converters.onnx import coverage
from converters.onnx.registry import HANDLERS, REFUSED

PAGE = Path(__file__).parents[2] / "docs" / "onnx-operators.md"
COMMAND = ["ops", "--frontend", "onnx", "--markdown"]


def test_page_is_up_to_date() -> None:
    result = CliRunner().invoke(webnn, COMMAND)
    assert result.exit_code == 0, result.output
    assert PAGE.read_text("utf-8") == result.stdout, f"make docs writes it: webnn {' '.join(COMMAND)} > docs/{PAGE.name}"


def test_every_operator_says_what_becomes_of_it() -> None:
    rows = coverage.table()
    assert {name for name, *_ in rows} >= {f"{domain}.{op}" if domain else op for domain, op in (*HANDLERS, *REFUSED)}
    assert [row for row in rows if not row[2] and not row[3].startswith("refused: ")] == []
    assert all(opsets for _, opsets, how, *_ in rows if how)

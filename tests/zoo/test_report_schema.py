"""The JSON schema of a report takes what is written, and refuses what its members cannot be."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from models.zoo.report import Computation, Conversion, Report, Row, Verdict, encoded, read
from tests.zoo.reports import report
from tests.zoo.schema import FILE, text

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed; make test does it")
SCHEMA = json.loads(FILE.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
LEAST = Report("1", "", {}, {}, "", 0.0, [Row("a", Verdict.OK, True, "", Conversion(Verdict.OK))])
INFINITE = Row("a", Verdict.DIFFERS, True, "", Conversion(Verdict.OK), {"browser": Computation(Verdict.DIFFERS, relative=float("inf"))})


def test_it_is_written_from_the_dataclasses() -> None:
    assert FILE.read_text("utf-8") == text(), "python -m tests.zoo.schema writes it"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "made", [report(70), report(0), LEAST, Report("1", "", {}, {}, "", 0.0, [INFINITE])], ids=["all", "none", "least", "infinite"]
)
def test_reports_fulfil_it(made: Report, tmp_path: Path) -> None:
    VALIDATOR.validate(json.loads(encoded(made)))


WRONG: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "another form": (("format",), 2),
    "rows that are none": (("rows",), {}),
    "a verdict that there is not": (("rows", 0, "verdict"), "fine"),
    "a number as text": (("rows", 0, "conversion", "seconds"), "1"),
    "half an operator": (("rows", 0, "conversion", "operators"), 1.5),
    "a runtime that is a verdict": (("rows", 0, "runtimes", "browser"), "ok"),
    "a row without a name": (("rows", 0), {"verdict": "ok"}),
}


@pytest.mark.parametrize(("place", "value"), WRONG.values(), ids=WRONG)
def test_others_do_not(place: tuple[str | int, ...], value: Any, tmp_path: Path) -> None:
    document = json.loads(encoded(report(1)))
    changed = deepcopy(document)
    *outer, last = place
    inner: Any = changed
    for member in outer:
        inner = inner[member]
    inner[last] = value
    VALIDATOR.validate(document)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(changed)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(encoded(report(70)))
    again = read(tmp_path)
    assert [row.name for row in again.rows] == [row.name for row in report(70).rows]
    assert [dict(row.surprises).keys() for row in again.rows] == [dict(row.surprises).keys() for row in report(70).rows]

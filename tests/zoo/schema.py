"""Writes the JSON schema of a zoo's report from its dataclasses: ``python -m tests.zoo.schema``."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from models.zoo import report
from models.zoo.report import FORMAT, Computation, Conversion, Report, Row, Verdict

FILE = Path(report.__file__).with_name("report.schema.json")
PARTS = (Report, Row, Conversion, Computation)
"""The dataclasses, from the outside in."""
ATTRIBUTE = re.compile(r"^    (\w+): (.*)$", re.MULTILINE)


def about(part: type) -> str:
    """What a dataclass, or an enumeration, is."""
    return inspect.cleandoc(part.__doc__ or "").partition("\n")[0]


def attributes(part: type) -> dict[str, str]:
    """What each member of a dataclass is, as its docstring says."""
    described = dict(ATTRIBUTE.findall(inspect.cleandoc(part.__doc__ or "")))
    assert described.keys() == {field.name for field in fields(part)}, f"the docstring of {part.__name__} leaves something out"
    return described


def schema() -> dict[str, Any]:
    """The schema, as JSON Schema 2020-12."""
    made = msgspec.json.schema(Report)
    for part in PARTS:
        definition = made["$defs"][part.__name__]
        definition["description"] = about(part)
        for name, text in attributes(part).items():
            definition["properties"][name]["description"] = text
    made["$defs"][Verdict.__name__] |= {"description": about(Verdict), "enum": list(Verdict)}
    made["$defs"][Report.__name__]["properties"]["format"] = {"const": FORMAT, "description": "Number of this form.", "default": FORMAT}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": report.FILE}
    return head | made


def text() -> str:
    """The file's content."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")

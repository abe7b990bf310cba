"""A run of the zoo as JUnit XML, which CI services show as tests: a suite for the conversion and for each runtime."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from models.zoo.report import CONVERSION, Computation, Conversion, Report, Row, Verdict

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot have, not even by their numbers."""
BROKEN = frozenset({Verdict.FAILED, Verdict.MEMORY, Verdict.TIMEOUT, Verdict.CRASHED})
"""Verdicts that are an error, where one that is only not the expected one is a failure."""


def xml(report: Report) -> bytes:
    """The document, in UTF-8. What is as the manifest says has passed, be it a refusal; a model without a graph is in no runtime."""
    root = ElementTree.Element("testsuites", name="webnn zoo")
    suites = [_suite(name, report) for name in (CONVERSION, *report.runtimes)]
    root.extend(suites)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, 0)) for suite in suites)))
    root.set("time", _time(sum(float(suite.get("time", 0)) for suite in suites)))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(name: str, report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_text(name), timestamp=_text(report.started.removesuffix("Z")))
    suite.extend(_case(name, row, result) for row, result in _results(name, report))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("*/failure"))))
    suite.set("errors", str(len(suite.findall("*/error"))))
    suite.set("skipped", "0")
    suite.set("time", _time(sum(float(case.get("time", 0)) for case in suite)))
    return suite


def _results(name: str, report: Report) -> Iterator[tuple[Row, Conversion | Computation]]:
    for row in report.rows:
        if name == CONVERSION:
            yield row, row.conversion
        elif name in row.runtimes:
            yield row, row.runtimes[name]


def _case(suite: str, row: Row, result: Conversion | Computation) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=_text(row.name), classname=_text(suite), time=_time(result.seconds))
    if suite in row.surprises:
        first, *_ = [*result.message.splitlines(), ""]
        summary = f"{result.verdict}: {first}" if first else f"{result.verdict}, which the manifest does not expect"
        kind = "error" if result.verdict in BROKEN else "failure"
        element = ElementTree.SubElement(case, kind, message=_text(summary), type=_text(result.code or result.verdict))
        element.text = _text(result.message)
    return case


def _time(seconds: float | None) -> str:
    return f"{seconds:.3f}" if seconds is not None and math.isfinite(seconds) else "0.000"


def _text(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)

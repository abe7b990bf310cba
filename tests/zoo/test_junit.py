"""A run as JUnit XML, as readers of it see it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from models.zoo.junit import xml
from models.zoo.report import Computation, Conversion, Report, Row, Verdict
from tests.zoo.reports import HOSTILE, hostile, report

OK = Conversion(Verdict.OK, seconds=1.5)


def one(row: Row) -> Report:
    """A report of one row."""
    return replace(report(0), rows=[row], runtimes={"browser": "1"})


def computed(verdict: Verdict, expected: bool, message: str = "") -> Row:
    """A row of which a runtime makes that."""
    return Row("a", verdict, expected, "", OK, {"browser": Computation(verdict, expected, message, seconds=0.25)})


def converted(verdict: Verdict, expected: bool, message: str = "") -> Row:
    """A row of which the frontend makes that."""
    return Row("a", verdict, expected, "", Conversion(verdict, message, seconds=0.5))


CASES: dict[str, tuple[Row, str, str | None]] = {
    "ok": (computed(Verdict.OK, True), "browser", None),
    "an expected difference": (computed(Verdict.DIFFERS, True), "browser", None),
    "a difference": (computed(Verdict.DIFFERS, False), "browser", "failure"),
    "ok though it should not be": (computed(Verdict.OK, False), "browser", "failure"),
    **{str(verdict): (computed(verdict, False), "browser", "error") for verdict in list(Verdict)[4:]},
    "an expected refusal": (converted(Verdict.REFUSED, True), "conversion", None),
    "a refusal": (converted(Verdict.REFUSED, False), "conversion", "failure"),
    "a conversion out of memory": (converted(Verdict.MEMORY, False), "conversion", "error"),
    "converted though it should not be": (Row("a", Verdict.OK, False, "", OK), "conversion", "failure"),
}


@pytest.mark.parametrize(("row", "suite", "kind"), CASES.values(), ids=CASES)
def test_failures_and_errors(row: Row, suite: str, kind: str | None) -> None:
    root = ElementTree.fromstring(xml(one(row)))
    found = {(parent.get("name"), child.tag) for parent in root for child in parent.iterfind("testcase/*")}
    assert found == ({(suite, kind)} if kind else set())
    counts = {"failure": "failures", "error": "errors"}
    for element in (root, root.find(f"testsuite[@name='{suite}']")):
        assert element is not None
        assert {name: int(element.get(name, "")) for name in counts.values()} == {counts[name]: int(kind == name) for name in counts}


def test_suites_count_their_tests() -> None:
    made = report(70)
    root = ElementTree.fromstring(xml(made))
    assert [suite.get("name") for suite in root] == ["conversion", *made.runtimes]
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert float(suite.get("time", "")) == pytest.approx(sum(float(case.get("time", "")) for case in suite), abs=1e-3)
    assert int(root.get("tests", "")) == 70 + sum(len(row.runtimes) for row in made.rows)
    assert int(root.get("failures", "")) + int(root.get("errors", "")) == len(list(root.iterfind("*/testcase/*")))
    assert {case.get("name") for case in root[0]} == {row.name for row in made.rows}


def test_what_happened_is_said() -> None:
    root = ElementTree.fromstring(xml(one(computed(Verdict.CRASHED, False, "The browser has gone\nhint: look"))))
    (error,) = root.iterfind("*/testcase/error")
    assert (error.get("message"), error.get("type"), error.text) == (
        "crashed: The browser has gone",
        "crashed",
        "The browser has gone\nhint: look",
    )


@pytest.mark.parametrize("text", [*HOSTILE, "]]>", "<!--", "&x;", "\ufffe\uffff\x0b"])
def test_what_strangers_wrote_is_text(text: str) -> None:
    row = Row(text, Verdict.FAILED, False, text, OK, {text: Computation(Verdict.FAILED, False, text, text, seconds=float("inf"))})
    content = xml(replace(hostile(), rows=[row], runtimes={text: text}))
    root = ElementTree.fromstring(content)
    (error,) = root.iterfind("*/testcase/error")
    allowed = "".join(sign if sign in "\t\n\r" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" else "\ufffd" for sign in text)
    assert (root[0][0].get("name"), root[1].get("name"), error.text) == (allowed, allowed, allowed.replace("\r", "\n"))
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "error"}

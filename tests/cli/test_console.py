"""What a terminal gets to see: no control characters out of a model, and tables that keep their numbers whole."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from click.testing import Result
from rich.cells import cell_len

from converters.commands.console import show_table
from converters.commands.layout import cut, message, table, wrapped
from tests.cli.conftest import linear_model

Invoke = Callable[..., Result]


def test_names_do_not_reach_the_terminal_as_commands(invoke: Invoke) -> None:
    model = linear_model(batch=2)
    model.graph.input[0].name = model.graph.node[0].input[0] = "\x1b[2Jx\x07\ny\x9b"
    onnx.save(model, "hostile.onnx")

    for arguments in (["--name", "good"], ["--shape", "nothing=1"]):
        result = invoke("onnx2webnn", Path("hostile.onnx"), *arguments)
        assert "\\x1b[2Jx\\x07" in result.stderr
        assert not set(result.stderr + result.stdout) & set("\x1b\x07\x9b")
    assert "note: \\x1b[2Jx\\x07 y\\x9b is named " in invoke("onnx2webnn", Path("hostile.onnx"), "--force").stderr


def test_tracebacks_do_neither(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    import converters.onnx

    def fail(*_: object, **__: object) -> None:
        raise KeyError("\x1b[2J") from ValueError("\x1b]0;title\x07")

    monkeypatch.setattr(converters.onnx, "convert", fail)
    onnx.save(linear_model(batch=2), "model.onnx")
    result = invoke("onnx2webnn", "model.onnx", "--debug")
    assert "ValueError: \\x1b]0;title\\x07" in result.stderr
    assert "KeyError: " in result.stderr
    assert not set(result.stderr) & set("\x1b\x07")


LONG = "encoder/layer.0/attention/self/query/MatMul_quant_" + "n" * 50
COLUMNS = ["name", ">absolute", ">relative", "verdict"]
ROWS = [[LONG, "1.23456789e-07", "0.0012", "DIFFERS: shape [1, 3] instead of [3, 1]"], ["short", "0", "0", "ok"]]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_tables_fit(width: int) -> None:
    lines = table(COLUMNS, ROWS, width)
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    assert all(number in "\n".join(lines) for number in ("1.23456789e-07", "0.0012", "absolute", "verdict"))
    assert "encoder/" in "".join(lines)
    assert "n" * 5 in "".join(lines)


def test_what_is_piped_is_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for forced in (True, False):
        monkeypatch.setenv("FORCE_COLOR", "1" if forced else "")
        monkeypatch.setenv("COLUMNS", "80")
        show_table(COLUMNS, ROWS)
        lines = capsys.readouterr().out.split("\n")
        assert (max(map(len, lines)) <= 80) == forced
        assert (f"{LONG}  1.23456789e-07" in "\n".join(lines)) == (not forced)
        assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("short", 5, "short"),
        ("encoder/layer.0/attention/self/MatMul", 28, "encoder/layer.0/…/MatMul"),
        ("encoder/layer.0/attention/self/MatMul", 16, "encoder/…/MatMul"),
        ("/a/b/c/MatMul", 11, "/a/…/MatMul"),
        ("a" * 20 + "z" * 20, 9, "aaaa…zzzz"),
        ("/a/" + "m" * 40, 9, "/a/m…mmmm"),
        ("表" * 10, 8, "表表…表"),
    ],
)
def test_names_lose_their_middle(name: str, width: int, shown: str) -> None:
    assert cut(name, width) == shown
    assert cell_len(shown) <= width


@pytest.mark.parametrize(
    ("text", "width", "cell", "said"),
    [
        ("one two three", 9, "one two\nthree", "one two\n  three"),
        ("give: --dim batch=N --dim 'a b'=N", 12, "give:\n--dim batch=N\n--dim 'a b'=N", "give:\n  --dim batch=N --dim 'a b'=N"),
        ("a x float32[1, 3], y", 16, "a\nx float32[1, 3],\ny", "a\n  x float32[1, 3],\n  y"),
        ("at  float32[n, 384] of Div", 18, "at\nfloat32[n, 384] of\nDiv", "at\n  float32[n, 384]\n  of Div"),
        ("[1, 3, 64, 64] float32", 16, "[1, 3, 64, 64]\nfloat32", "[1, 3, 64, 64]\n  float32"),
        ("in /a/very/long/path.onnx", 12, "in\n/a/ver….onnx", "in\n  /a/very/long/path.onnx"),
        ("", 10, "", ""),
    ],
)
def test_lines_break_between_words(text: str, width: int, cell: str, said: str) -> None:
    assert "\n".join(wrapped(text, width)) == cell
    assert message(text, width) == said
    assert message(f"  {text}\nx  y", 200) == f"  {text}\nx  y"


REFUSED = f"""error: 2 operators of detector (opset 17) cannot be converted; 1,205 of 1,208 nodes can
  TopK x1               /head/TopK_3: k=300 over 8400 candidates, which is more than there are
  NonMaxSuppression x1  {LONG}: output size depends on the data
    hint: end the graph before it: --output /head/Concat_5 --output /head/Concat_6 --output /head/Concat_7 --output y"""


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_report_keeps_names_and_commands_whole(width: int) -> None:
    lines = message(REFUSED, width).split("\n")
    whole = [line for line in lines if len(line) > width]
    assert [line.split()[0] for line in whole] == [] if width > len(LONG) + 8 else all(LONG in line or "--output" in line for line in whole)
    assert "--output /head/Concat_5 --output /head/Concat_6 --output /head/Concat_7 --output y" in "\n".join(lines)
    assert LONG in "\n".join(lines)
    assert " ".join(" ".join(lines).split()) == " ".join(REFUSED.split())


def test_a_trace_ends_with_its_command(invoke: Invoke) -> None:
    """The next command of the same process says no more than it is asked for."""
    assert invoke("webnn", "inspect", "--debug", "missing.webnn").exit_code
    logger = logging.getLogger("webnn_graph")
    assert (logger.level, logger.handlers) == (logging.NOTSET, [])


@pytest.mark.parametrize(("option", "is_said"), [("--quiet", False), ("--no-simplify", False), ("--verbose", True), ("--debug", True)])
def test_warnings_of_libraries_are_for_those_who_ask(option: str, is_said: bool, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    import converters.onnx

    def warn(*_: object, **__: object) -> None:
        warnings.warn("use another argument", FutureWarning, stacklevel=1)
        raise KeyError

    monkeypatch.setattr(converters.onnx, "convert", warn)
    onnx.save(linear_model(batch=2), "model.onnx")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        result = invoke("onnx2webnn", "model.onnx", option)
    assert not shown
    assert ("FutureWarning: use another argument" in result.stderr) == is_said

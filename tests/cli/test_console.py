"""What a terminal gets to see: no control characters out of a model, and tables that keep their numbers whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import click
import onnx
import pytest
from click.testing import Result

from converters.commands.console import show_table
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


def test_narrow_terminals_fold_names_not_numbers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "48")
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_table(["name", ">max relative", "verdict"], [["n" * 60, "1.23456789e-07", "DIFFERS"], ["short", "0", "ok"]])
    shown = click.unstyle(capsys.readouterr().out)
    assert "1.23456789e-07" in shown
    assert all(header in shown for header in ("name", "max relative", "verdict"))
    assert max(map(len, shown.split("\n"))) <= 48
    assert shown.count("n" * 12) > 1


def test_a_trace_ends_with_its_command(invoke: Invoke) -> None:
    """The next command of the same process says no more than it is asked for."""
    assert invoke("webnn", "inspect", "--debug", "missing.webnn").exit_code
    logger = logging.getLogger("webnn_graph")
    assert (logger.level, logger.handlers) == (logging.NOTSET, [])

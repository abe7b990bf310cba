"""Completion in a shell: the scripts complete real words, and are put where shells look for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import cli
from converters.commands.completion import place

Invoke = Callable[..., Result]
ROOT = Path(cli.__file__).parent
ASK = """
COMP_WORDS=({words}) COMP_CWORD={last}
_webnn_completion webnn
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "expected"),
    [("webnn zoo ve", {"verify"}), ("webnn run g.webnn --runtime r", {"reference", "rustnn"})],
)
def test_bash_completes_words(words: str, expected: set[str], tmp_path: Path, invoke: Invoke) -> None:
    program = tmp_path / "webnn"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m webnn_graph "$@"\n')
    program.chmod(0o755)
    script = invoke("webnn", "completion", "bash").stdout + ASK.format(words=words, last=len(words.split()) - 1)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert (set(done.stdout.split()), done.returncode) == (expected, 0), done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_printed_and_installed(shell: str, tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASH_COMPLETION_USER_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    printed = invoke("webnn", "completion", shell).stdout
    assert all(f"_{name.upper()}_COMPLETE={shell}_complete" in printed for name in cli.PROGRAMS)
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=printed, text=True, check=False).returncode == 0
    installed = invoke("webnn", "completion", shell, "--install")
    files = {place(shell, name) for name in cli.PROGRAMS}
    assert {path for path in tmp_path.joinpath().rglob("*") if path.is_file() and "work" not in path.parts} == files
    assert all(str(path) in installed.stdout and path.stem.lstrip("_") in path.read_text() for path in files)
    assert ("~/.zshrc" in installed.stdout) == (shell == "zsh")

"""Runs the examples of a page: its Python blocks, and the commands in its ``console`` blocks, in order, in one folder.

What a command prints stands below it in the block. A line ``...`` there stands for any lines. A block whose example cannot be run
has a line before it that says why: ``*Not run: it needs a browser.*``
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner

import cli

DOCS = Path(cli.__file__).parent / "docs"
PAGES = sorted((*DOCS.glob("start/*.md"), *DOCS.glob("tasks/*.md")))
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<language>\w+)\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)
RUN = ("python", "console")
NOT_RUN = re.compile(r"\*Not run: .{8,}\.\*$")


@dataclass
class Block:
    """An example."""

    language: str
    content: str
    start: int
    """Where the content begins in the page."""
    line: int


def blocks(page: Path) -> list[Block]:
    """The examples of a page that are run."""
    text = page.read_text("utf-8")
    found = [match for match in BLOCK.finditer(text) if match["language"] in RUN and not NOT_RUN.search(match["before"])]
    return [Block(m["language"], m["content"], m.start("content"), text.count("\n", 0, m.start("content")) + 1) for m in found]


class Session:
    """One folder, and one namespace for the Python of a page; ``anew`` shows what is measured as it is now, too."""

    def __init__(self, page: Path, *, anew: bool = False) -> None:
        self.page = page
        self.anew = anew
        self.names: dict[str, Any] = {"__name__": page.stem}

    def run(self, block: Block) -> str:
        """The block as it would have to be; of Python only that it runs."""
        if block.language == "python":
            code = compile("\n" * (block.line - 1) + block.content, str(self.page), "exec")
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, self.names)
            return block.content
        return "".join(self._answered(command, shown) for command, shown in commands(block.content))

    def _answered(self, command: str, shown: str) -> str:
        printed = run_command(command)
        stays = matches(shown, printed) and (not self.anew or CUT in shown)
        return f"$ {command}\n{shown if stays else printed}"


def commands(content: str) -> Iterator[tuple[str, str]]:
    """The commands of a ``console`` block with what is shown below each."""
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run_command(command: str) -> str:
    """What one of the commands prints; ``echo $?`` behind another shows the exit status, and ``> FILE`` is one, as in a shell."""
    words = shlex.split(command)
    if words == ["echo", "$?"]:
        return f"{os.environ['STATUS']}\n"
    if words[0] in PROGRAMS:
        return PROGRAMS[words[0]](words[1:])
    file = Path(words.pop()) if words[-2:-1] == [">"] else None
    if file:
        words.pop()
    result = CliRunner().invoke(getattr(cli, words[0]), words[1:], env={"COLUMNS": "80"})
    os.environ["STATUS"] = str(result.exit_code)
    if file:
        file.write_text(result.stdout)
        return result.stderr
    return "\n".join(line.rstrip() for line in result.output.split("\n"))


def _python(words: list[str]) -> str:
    """What a program of the current folder prints, run in this process, which has imported what takes time."""
    printed, status = io.StringIO(), 0
    with mock.patch.object(sys, "argv", words), on_path(Path.cwd()):
        try:
            with contextlib.redirect_stdout(printed):
                runpy.run_path(words[0], run_name="__main__")
        except SystemExit as ended:
            status = int(ended.code or 0)
        finally:
            forget_modules(Path.cwd())
    os.environ["STATUS"] = str(status)
    return printed.getvalue()


@contextlib.contextmanager
def on_path(*folders: Path) -> Iterator[None]:
    """Looks for modules in these folders first. What packages add to the path as they are imported stays there, as they do."""
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        for folder in folders:
            sys.path.remove(str(folder))


def forget_modules(folder: Path) -> None:
    """Forgets the modules that were imported from a folder itself, as another may have others of their names."""
    for name, module in list(sys.modules.items()):
        if (file := getattr(module, "__file__", None)) and Path(file).parent == folder:
            del sys.modules[name]


def _pip(words: list[str]) -> str:
    """Installs a package of the current folder below it, and on the path, without the network."""
    installed = str(Path("installed").resolve())
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--target", installed]
    subprocess.run([sys.executable, "-m", "pip", *words, *options], check=True)
    sys.path.insert(0, installed)
    return ""


PROGRAMS = {"python": _python, "pip": _pip}

CUT = "...\n"
MEASURED = re.compile(r"\d+\.\d\S*|\d+e[+-]\d+|─+")
NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]\d+)?")


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what is shown, but for what is measured; ``...`` is any lines."""
    parts = map(re.escape, _without_measurements(shown).split(CUT))
    return re.fullmatch(r"(?:.*\n)*".join(parts), _without_measurements(printed)) is not None


def _without_measurements(text: str) -> str:
    """The text without the numbers that depend on the machine, on versions and on how long generated text is."""
    lines = []
    for line in text.split("\n"):
        measured = NUMBER if line.endswith((" ok", " B")) else MEASURED
        lines.append(" ".join("#" if measured.fullmatch(word) else word for word in line.split()))
    return "\n".join(lines)


def rewritten(page: Path, folder: Path, *, anew: bool = False) -> str:
    """The page with what its commands print, run in a folder; see `Session`."""
    text, session = page.read_text("utf-8"), Session(page, anew=anew)
    with contextlib.chdir(folder):
        run = [(block, session.run(block)) for block in blocks(page)]
        for was, content in reversed(run):
            text = text[: was.start] + content + text[was.start + len(was.content) :]
    return text

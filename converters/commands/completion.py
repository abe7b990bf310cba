"""Completion of the commands in a shell: click's own scripts, printed or put where shells look for a user's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from converters.commands.console import Result, say
from webnn_graph.formats.files import write_all


def script(shell: str, program: str, command: click.Command) -> str:
    """What a shell reads to complete a program's words."""
    found = get_completion_class(shell)
    assert found is not None, shell
    return found(command, {}, program, f"_{program}_COMPLETE".replace("-", "_").upper()).source()


def place(shell: str, program: str) -> Path:
    """The file in which a shell looks for a user's completion of a program."""
    data, config = _folder("XDG_DATA_HOME", ".local/share"), _folder("XDG_CONFIG_HOME", ".config")
    match shell:
        case "bash":
            return Path(os.environ.get("BASH_COMPLETION_USER_DIR") or data / "bash-completion") / "completions" / program
        case "zsh":
            return data / "zsh" / "site-functions" / f"_{program}"
        case _:
            return config / "fish" / "completions" / f"{program}.fish"


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default)


@dataclass(frozen=True)
class Scripts(Result):
    """The scripts of all programs, to be read by a shell."""

    shell: str
    texts: Mapping[str, str]

    def show(self) -> None:
        """See `Result`."""
        click.echo("\n".join(self.texts.values()))

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {"shell": self.shell, "scripts": dict(self.texts), "files": []}


@dataclass(frozen=True)
class Installed(Result):
    """The scripts in the user's folders."""

    shell: str
    files: Sequence[Path]

    def show(self) -> None:
        """Says where they are, and what a shell still needs; its own files are the user's to change."""
        for path in self.files:
            say(str(path))
        if self.shell == "zsh":
            say(f"for ~/.zshrc, before compinit:\n  fpath=({self.files[0].parent} $fpath)")
        if self.shell == "bash":
            say('bash reads them by the package bash-completion; without it, ~/.bashrc needs:\n  eval "$(webnn completion bash)"')
        say("they work in new shells")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {"shell": self.shell, "scripts": {}, "files": [str(path) for path in self.files]}


def install(shell: str, texts: Mapping[str, str]) -> Installed:
    """Writes the scripts where the shell looks for them; what was there is replaced."""
    files = {place(shell, program): text for program, text in texts.items()}
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    write_all({path: partial(_bytes, text) for path, text in files.items()})
    return Installed(shell, list(files))


def _bytes(text: str) -> list[bytes]:
    return [text.encode()]

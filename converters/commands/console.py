"""What every command shares: exit statuses, results as text and as JSON, the one way errors look, progress, and -q, -v, --debug.

docs/scripting.md says all that to those who use the commands.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, TypeVar

import click

from converters.supervised import REFUSED as REFUSED
from converters.supervised import supervised
from webnn_graph.wording import harmless
from webnn_graph.wording import size as size

DONE = 0
USAGE = 2
DIFFERS = 3
"""The conversion was verified, and its numbers differ from the source model's."""

NUMBERS = {"integer": "whole number", "float": "number"}
"""What click calls them otherwise."""
INTERRUPTED = 128 + 2
"""Ctrl-C, as shells count it."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Verbosity:
    """How a command was started, and how much it says; the context object of every click command."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    json: bool = False
    is_program: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing is said in words but errors."""
        return self.quiet or self.json


class Result(ABC):
    """What a command found out or did, which it returns: shown as text, or with --json as one JSON document."""

    status: int = DONE
    """The command's exit status."""

    @abstractmethod
    def show(self) -> None:
        """Says it, with `say`, `note` and `show_table`."""

    @abstractmethod
    def document(self) -> Mapping[str, Any]:
        """The same as JSON has it: docs/scripting.md lists the members. Numbers may be infinite."""


class Trace(logging.Handler):
    """Shows on stderr what is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(harmless(self.format(record)), err=True)


TRACE, TRACED = Trace(), logging.getLogger("webnn_graph")
WARNED = logging.getLogger("py.warnings")
"""Where libraries' warnings go while a command runs: they are about calls that its user does not make."""


class Errors(click.Command):
    """Mixin of commands that return a `Result` or their exit status, and show every error in the same two lines."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the command as the program that the process is."""
        return self.main(*args, is_program=True, **kwargs)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *, is_program: bool = False, **extra: Any
    ) -> Any:
        """Runs the command with these arguments, by default the process's, and exits with its status."""
        from webnn_graph.signals import Terminated

        verbosity = Verbosity(is_program=is_program)
        extra |= {"standalone_mode": False, "obj": verbosity}
        try:
            # PyTorch logs the traceback of what is then reported as one error.
            logging.disable(logging.CRITICAL)
            logging.captureWarnings(True)
            status: int | None = super().main(args, prog_name, **extra)
        except Terminated as ended:
            click.echo(f"error: {ended.message}", err=True)
            status = int(ended.code or REFUSED)
        except (click.Abort, KeyboardInterrupt):
            click.echo("error: interrupted", err=True)
            status = INTERRUPTED
        except Exception as error:
            status = report_error(error, debug=verbosity.debug)
        finally:
            logging.captureWarnings(False)
            logging.disable(logging.NOTSET)
            WARNED.removeHandler(TRACE)
            TRACED.removeHandler(TRACE)
            TRACED.setLevel(logging.NOTSET)
        return sys.exit(status or DONE)

    def invoke(self, ctx: click.Context) -> Any:
        """Does what the command does, shows its result, and gives the exit status."""
        result = super().invoke(ctx)
        return _shown(result, ctx.ensure_object(Verbosity)) if isinstance(result, Result) else result


def _shown(result: Result, verbosity: Verbosity) -> int:
    """Prints a result; gives the exit status."""
    if verbosity.json:
        click.echo(json.dumps(_plain(result.document()), indent=2, allow_nan=False))
    elif not verbosity.quiet:
        result.show()
    return result.status


def _plain(value: Any) -> Any:
    """What JSON has no numbers for becomes the text that JavaScript and Python read as such a number: Infinity, -Infinity, NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


class Command(Errors):
    """A click command with these errors."""


class SupervisedCommand(Command):
    """A command, or a group's, that goes on in a child when it was started as a program; see `converters.supervised`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Does what the command does, with the options that were read."""
        work = partial(super().invoke, ctx)
        return supervised(work) if ctx.ensure_object(Verbosity).is_program else work()


class Group(Errors, click.Group):
    """A click group whose subcommands show these errors, too."""


Group.command_class, Group.group_class = Command, Group


def report_error(error: Exception, *, debug: bool = False) -> int:
    """Prints ``error`` to stderr as an ``error:`` and, where there is something to do about it, a ``hint:``.

    Args:
        error: What went wrong.
        debug: Whether its traceback comes first.

    Returns:
        The exit status.
    """
    from converters.problems import DEFECT
    from webnn_graph.errors import WebNNError, reason

    if debug:
        click.echo(harmless("".join(traceback.format_exception(error)).rstrip()), err=True)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    message, hint, status = str(error), "", REFUSED
    if isinstance(error, WebNNError):
        message = with_code(error.text(), error.code)
    elif isinstance(error, click.UsageError):
        message, status = _plainly(error.format_message()), USAGE
        hint = f"{error.ctx.command_path} --help lists the options" if error.ctx else ""
    elif isinstance(error, click.ClickException):
        message = error.format_message()
    elif isinstance(error, OSError):
        message = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else reason(error)
    elif isinstance(error, MemoryError):
        message = "out of memory, or of what a model of this size may take"
        hint = "a smaller batch or sequence length needs less (--dim, --shape); --budget 2 allows twice as much"
    else:
        message = f"unexpected {type(error).__name__}: {error}"
        hint = DEFECT
    echo(f"error: {message}", err=True)
    if hint:
        echo(f"hint: {hint}", err=True)
    return status


def _plainly(text: str) -> str:
    """What click says of a number, without the names of its types."""
    return re.sub(r"is not a valid (integer|float)( range)?\b", lambda found: f"is no {NUMBERS[found[1]]}", text)


def with_code(text: str, code: str) -> str:
    """The text of an error with its code at the end of its first line, as mypy writes it."""
    first, newline, rest = text.partition("\n")
    return f"{first} [{code}]{newline}{rest}"


def verbosity_options(command: F) -> F:
    """Adds -q, -v and --debug."""

    def remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and parameter.name:
            setattr(context.ensure_object(Verbosity), parameter.name, True)
        if value and parameter.name in TRACED_AT:
            logging.disable(logging.NOTSET)
            WARNED.addHandler(TRACE)
            TRACED.addHandler(TRACE)
            TRACED.setLevel(min(TRACED.level or logging.CRITICAL, TRACED_AT[parameter.name]))

    for names, text in OPTIONS:
        option = click.option(*names, is_flag=True, expose_value=False, callback=remember, is_eager=True, help=text)
        command = option(command)
    return command


TRACED_AT = {"debug": logging.DEBUG, "verbose": logging.INFO}
"""What is traced from which option on."""
OPTIONS = (
    (("--debug",), "Trace what is rewritten, and an error."),
    (("-v", "--verbose"), "Say more: every note, every output."),
    (("-q", "--quiet"), "Say nothing but errors."),
    (("--json",), "Say it as one JSON document, for programs."),
)


def verbosity() -> Verbosity:
    """The verbosity of the command that runs."""
    context = click.get_current_context(silent=True)
    return context.ensure_object(Verbosity) if context else Verbosity()


def say(text: str) -> None:
    """One line of a command's result, on stdout, unless --quiet."""
    if not verbosity().is_silent:
        echo(text)


def write(text: str) -> None:
    """A piece of a command's result, on stdout and at once, unless --quiet; the lines are those of the text."""
    if not verbosity().is_silent:
        click.echo(harmless(text), nl=False)


def note(text: str) -> None:
    """One line about the work, on stderr, unless --quiet."""
    if not verbosity().is_silent:
        echo(text, err=True)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Shows ``what`` on stderr while the body runs; nothing unless stderr is a terminal."""
    if verbosity().is_silent or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def terminal_width(stream: IO[str]) -> int | None:
    """Columns of the terminal that a stream goes to; None where it goes to none, so that lines are as long as they are."""
    if not (stream.isatty() or os.environ.get("FORCE_COLOR")):
        return None
    return shutil.get_terminal_size().columns


def echo(text: str, *, err: bool = False) -> None:
    """Prints text without control characters, in lines that fit the terminal, if it goes to one."""
    width = terminal_width(sys.stderr if err else sys.stdout)
    if width:
        from converters.commands.layout import message

        text = message(harmless(text), width)
    click.echo(harmless(text), err=err)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Prints a table to stdout, if anything is said. Columns whose name begins with ``>`` are aligned right and never cut."""
    if verbosity().is_silent:
        return
    from converters.commands.layout import table

    cells = [[" ".join(harmless(str(cell)).split()) for cell in row] for row in rows]
    if title:
        echo(title)
    click.echo("\n".join([*table(columns, cells, terminal_width(sys.stdout)), ""]))

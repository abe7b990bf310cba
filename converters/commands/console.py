"""What every command shares: exit statuses, the one way errors look, progress, tables, and the -q, -v and --debug options."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import click

from converters.supervised import REFUSED as REFUSED
from converters.supervised import supervised
from webnn_graph.wording import harmless
from webnn_graph.wording import size as size

DONE = 0
USAGE = 2
DIFFERS = 3
"""The conversion was verified, and its numbers differ from the source model's."""

INTERRUPTED = 128 + 2
"""Ctrl-C, as shells count it."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Verbosity:
    """How a command was started, and how much it says; the context object of every click command."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    is_program: bool = False


class Trace(logging.Handler):
    """Shows on stderr what is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(harmless(self.format(record)), err=True)


TRACE, TRACED = Trace(), logging.getLogger("webnn_graph")


class Errors(click.Command):
    """Mixin of commands that return their exit status and show every error in the same two lines."""

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
            logging.disable(logging.NOTSET)
            TRACED.removeHandler(TRACE)
            TRACED.setLevel(logging.NOTSET)
        return sys.exit(status or DONE)


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

    command_class = click.Command
    group_class = click.Group


def report_error(error: Exception, *, debug: bool = False) -> int:
    """Prints ``error`` to stderr as an ``error:`` and, where there is something to do about it, a ``hint:``.

    Args:
        error: What went wrong.
        debug: Whether its traceback comes first.

    Returns:
        The exit status.
    """
    from converters.problems import DEFECT
    from webnn_graph.errors import WebNNError

    if debug:
        click.echo(harmless("".join(traceback.format_exception(error)).rstrip()), err=True)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    message, hint, status = str(error), "", REFUSED
    if isinstance(error, WebNNError):
        message = error.text()
    elif isinstance(error, click.UsageError):
        message, status = error.format_message(), USAGE
        hint = f"{error.ctx.command_path} --help lists the options" if error.ctx else ""
    elif isinstance(error, click.ClickException):
        message = error.format_message()
    elif isinstance(error, OSError):
        message = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    elif isinstance(error, MemoryError):
        message = "out of memory, or of what a model of this size may take"
        hint = "a smaller batch or sequence length needs less (--dim, --shape); --budget 2 allows twice as much"
    else:
        message = f"unexpected {type(error).__name__}: {error}"
        hint = DEFECT
    click.echo(harmless(f"error: {message}"), err=True)
    if hint:
        click.echo(harmless(f"hint: {hint}"), err=True)
    return status


def verbosity_options(command: F) -> F:
    """Adds -q, -v and --debug."""

    def remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and parameter.name:
            setattr(context.ensure_object(Verbosity), parameter.name, True)
        if value and parameter.name == "debug":
            logging.disable(logging.NOTSET)
            TRACED.addHandler(TRACE)
            TRACED.setLevel(logging.DEBUG)

    options = (
        (("--debug",), "Trace what is rewritten, and an error."),
        (("-v", "--verbose"), "Say more: every note, every output."),
        (("-q", "--quiet"), "Say nothing but errors."),
    )
    for names, text in options:
        option = click.option(*names, is_flag=True, expose_value=False, callback=remember, is_eager=True, help=text)
        command = option(command)
    return command


def verbosity() -> Verbosity:
    """The verbosity of the command that runs."""
    context = click.get_current_context(silent=True)
    return context.ensure_object(Verbosity) if context else Verbosity()


def say(text: str) -> None:
    """One line of a command's result, on stdout, unless --quiet."""
    if not verbosity().quiet:
        click.echo(harmless(text))


def note(text: str) -> None:
    """One line about the work, on stderr, unless --quiet."""
    if not verbosity().quiet:
        click.echo(harmless(text), err=True)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Shows ``what`` on stderr while the body runs; nothing unless stderr is a terminal."""
    if verbosity().quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Prints a table to stdout, unless --quiet. Columns whose name begins with ``>`` are aligned right."""
    if verbosity().quiet:
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        number, header = column.startswith(">"), column.removeprefix(">")
        table.add_column(header, justify="right" if number else "left", no_wrap=number, min_width=len(header), overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(str(cell))) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    console.print(table)

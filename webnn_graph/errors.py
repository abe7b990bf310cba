"""The one hierarchy of errors that a user can cause and therefore reads.

An error says what is wrong, ``where``, and in ``hint`` what to do about it; its text is put together when it is shown. The
command line prints that and no traceback. Anything else that is raised is a defect of this project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from webnn_graph.codes import Code
from webnn_graph.hints import in_python


@dataclass(frozen=True)
class Where:
    """Where in what was read an error is, as far as it is known.

    Attributes:
        file: The file.
        line: Line of its text, from 1; 0 when it is not known.
        column: Column of that, from 1.
        member: The part of a file that has parts: a path in JSON, a file in an archive.
        node: The label of a call, or the node of the source model.
        tensor: An input or a constant.
        op: The operator of WebNN that is called.
        excerpt: Lines that show the place.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    member: str = ""
    node: str = ""
    tensor: str = ""
    op: str = ""
    excerpt: str = ""

    def within(self, outer: Where) -> Where:
        """The place with what is not known of it taken from a place around it."""
        place = replace(self, node=self.node or outer.node, tensor=self.tensor or outer.tensor, op=self.op or outer.op)
        if self.file:
            return place
        return replace(
            place, file=outer.file, line=outer.line, column=outer.column, member=self.member or outer.member, excerpt=outer.excerpt
        )

    def say(self, what: str) -> str:
        """The place, and what is wrong there."""
        position = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        return ": ".join([*filter(None, (position, self.member, self.node, self.tensor, self.op)), what]) + self.excerpt


class WebNNError(Exception):
    """Base of all errors about a user's input.

    Args:
        what: What is wrong.
        hint: What the user can do, in one sentence; empty when there is nothing to say. Options stand in it as the commands spell
            them; the text of the exception has Python's spelling.
        where: Where it is, as far as it is known and not a part of the sentence.
        code: Which kind of error it is; by default that of its class.
    """

    default: ClassVar[Code] = Code.REFUSED

    def __init__(self, what: str, hint: str = "", where: Where = Where(), code: Code | None = None) -> None:
        self.what = what
        self.hint = readable(hint)
        self.where = where
        self.code = code or self.default
        super().__init__(what, hint, where, code)

    def at(self, where: Where) -> Self:
        """This error, which now says where it is as far as it did not know."""
        self.where = self.where.within(where)
        return self

    @property
    def message(self) -> str:
        """What is wrong, and where."""
        return readable(self.where.say(self.what))

    def text(self, spelled: Callable[[str], str] = str) -> str:
        """All that there is to say; ``spelled`` is what becomes of options in hints."""
        return f"{self.message}\nhint: {spelled(self.hint)}" if self.hint else self.message

    def __str__(self) -> str:
        return self.text(in_python)


LONGEST_LINE = 1000
"""Characters of a line that is shown whole; what is longer quotes a name or a list of a damaged file."""


def readable(text: str) -> str:
    """The text with the middle of lines that nobody could read left out."""
    if len(text) <= LONGEST_LINE:
        return text
    return "\n".join(f"{line[:600]} ... {line[-300:]}" if len(line) > LONGEST_LINE else line for line in text.split("\n"))


class ValidationError(WebNNError):
    """An operator call or a graph breaks a rule of the WebNN standard."""

    default = Code.INVALID_GRAPH


class FormatError(WebNNError):
    """A file is not what its format says: damaged, truncated, or of another kind."""

    default = Code.DAMAGED_FILE


class ConversionError(WebNNError):
    """A source model has no equivalent WebNN graph, or needs an option it was not given."""

    default = Code.CANNOT_CONVERT


class BudgetExceeded(ConversionError):
    """A conversion would take more work or memory than is allowed; it ends at once."""

    default = Code.BUDGET_EXCEEDED


class RuntimeUnavailable(WebNNError):
    """A runtime (browser, rustnn) is not installed or did not start."""

    default = Code.RUNTIME_UNAVAILABLE


class ExecutionError(WebNNError):
    """A runtime was given inputs that do not fit the graph, or failed while running it."""

    default = Code.EXECUTION_FAILED


class RuntimeLost(ExecutionError):
    """What computed has crashed, or does not answer any more."""


def unreadable(file: Path, error: OSError) -> FormatError:
    """The error about a file that the system does not let be read, in words."""
    why = "there is no such file" if isinstance(error, FileNotFoundError) else f"it cannot be read: {error.strerror or reason(error)}"
    return FormatError("it is a folder, not a file" if file.is_dir() else why, where=Where(str(file)), code=Code.NO_SUCH_FILE)


def reason(error: BaseException) -> str:
    """What another library's exception says, in one line: its first, or its class when it says nothing; the system's without numbers."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return next((line for line in map(str.strip, str(error).splitlines()) if line), type(error).__name__)

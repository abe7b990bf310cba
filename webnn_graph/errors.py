"""The one hierarchy of errors that a user can cause and therefore reads.

Every message says what is wrong and where; ``hint`` says what to do about it. The command line prints both and no
traceback. Anything else that is raised is a defect of this project.
"""

from __future__ import annotations

from webnn_graph.hints import in_python


class WebNNError(Exception):
    """Base of all errors about a user's input.

    Args:
        message: What is wrong, and where.
        hint: What the user can do, in one sentence; empty when there is nothing to say. Options stand in it as the commands spell
            them; the text of the exception has Python's spelling.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = _readable(message)
        self.hint = _readable(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\nhint: {in_python(self.hint)}" if self.hint else self.message


LONGEST_LINE = 1000
"""Characters of a line that is shown whole; what is longer quotes a name or a list of a damaged file."""


def _readable(text: str) -> str:
    """The text with the middle of lines that nobody could read left out."""
    if len(text) <= LONGEST_LINE:
        return text
    return "\n".join(f"{line[:600]} ... {line[-300:]}" if len(line) > LONGEST_LINE else line for line in text.split("\n"))


class ValidationError(WebNNError):
    """An operator call or a graph breaks a rule of the WebNN standard."""


class FormatError(WebNNError):
    """A file is not what its format says: damaged, truncated, or of another kind."""


class ConversionError(WebNNError):
    """A source model has no equivalent WebNN graph, or needs an option it was not given."""


class BudgetExceeded(ConversionError):
    """A conversion would take more work or memory than is allowed; it ends at once."""


class RuntimeUnavailable(WebNNError):
    """A runtime (browser, rustnn) is not installed or did not start."""


class ExecutionError(WebNNError):
    """A runtime was given inputs that do not fit the graph, or failed while running it."""


def reason(error: BaseException) -> str:
    """What another library's exception says, in one line: its first, or its class when it says nothing."""
    return next((line for line in map(str.strip, str(error).splitlines()) if line), type(error).__name__)

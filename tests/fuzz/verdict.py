"""What came of a case: a result, an error that a user may read, or a finding."""

from __future__ import annotations

import re
import traceback
import unicodedata
from dataclasses import dataclass

from converters.commands.console import harmless
from webnn_graph.errors import WebNNError

OWN = ("/webnn_graph/", "/converters/")
UNEXPECTED = re.compile(r"unexpected (?:[a-z_]+\.)?[A-Z]\w+|Traceback \(most recent call last\)|this is a defect of the converter")
"""How the converters report what they did not think of."""
FRAME = re.compile(r'File "([^"]+)", line \d+ in (\S+)')
LONGEST = 20_000
"""Characters of an error that people can read."""


@dataclass
class Verdict:
    """What came of a case.

    Attributes:
        kind: ``ok``, ``refused``, or what was found.
        text: The error.
        trace: Where it was raised, for a finding.
        signature: Equal for findings that have the same cause, as far as can be told.
        seconds: Processor time that it took.
    """

    kind: str
    text: str = ""
    trace: str = ""
    signature: str = ""
    seconds: float = 0

    @property
    def is_finding(self) -> bool:
        """Whether it breaks a promise."""
        return self.kind not in ("ok", "refused")


def of_success() -> Verdict:
    """There is a result."""
    return Verdict("ok")


def of_error(error: BaseException) -> Verdict:
    """The verdict on an exception."""
    trace = "".join(traceback.format_exception(error, limit=-12))[-6000:]
    if not isinstance(error, WebNNError):
        kind = "wrong result" if isinstance(error, AssertionError) else "raw exception"
        return Verdict(kind, f"{type(error).__name__}: {error}"[:500], trace, f"{type(error).__name__} {_where(error)}")
    text = str(error)
    if found := UNEXPECTED.search(text):
        said = text[text.rfind("\n", 0, found.start()) + 1 :][:500]
        return Verdict("unexpected", said, trace, re.sub(r"\d+", "0", text[found.start() : found.start() + 70]) + _where(error.__cause__))
    shown = harmless(text)
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\t" for c in shown) or not error.message.strip(" :\n"):
        return Verdict("unreadable error", repr(text[:500]), trace, _where(error))
    if error.message.endswith(": "):
        return Verdict("unreadable error", f"says nothing: {shown[:500]}", trace, _where(error))
    if len(shown) > LONGEST:
        return Verdict("unreadable error", f"{len(shown)} characters: {shown[:500]}", trace, _where(error))
    return Verdict("refused", shown[:300], signature=type(error).__name__)


def of_trace(kind: str, text: str, trace: str) -> Verdict:
    """The verdict on a case that was ended, with what it was doing then."""
    doing = [match for match in FRAME.finditer(trace) if any(part in match[1] for part in OWN)] or list(FRAME.finditer(trace))
    where = f"{doing[0][1].rsplit('/', 1)[-1]}:{doing[0][2]}" if doing else ""
    return Verdict(kind, f"{text} {where}".strip(), trace[:3000], where)


def _where(error: BaseException | None) -> str:
    """The innermost function of the project that the error came through."""
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if any(part in frame.filename for part in OWN)] or frames
    return f"{own[-1].filename.rsplit('/', 1)[-1]}:{own[-1].name}" if own else ""

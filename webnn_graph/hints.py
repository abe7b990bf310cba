"""Options in hints: written as the commands spell them, and read as Python does where an error reaches a Python program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from itertools import groupby

VALUE = r"""(?:'[^']*'|[^\s;'])+"""
OPTION = re.compile(
    rf"--(?:(dim|shape|bind)(?:[ ]({VALUE}=[^\s;]+|'[^']+=[^']*'))?|(input|output|budget|unsupported-floats)(?:[ ]({VALUE}))?)(?![\w-])"
)
RUN = re.compile(rf"{OPTION.pattern}(?: {OPTION.pattern})*")
SPECIFICATION = re.compile(r"([\w.]+):(\w+)(\[.*\])\Z")


def option(name: str, value: str) -> str:
    """An option with its value as a shell takes it: ``--output '/head/Concat 5'``."""
    return f"--{name} {shlex.quote(value)}"


def options(name: str, values: Iterable[str]) -> str:
    """The option once for each value."""
    return " ".join(option(name, value) for value in values)


def in_python(hint: str) -> str:
    """The hint with keyword arguments of ``convert`` in the place of options: ``dims={"batch": 1}`` for ``--dim batch=1``."""
    return RUN.sub(lambda run: _keywords(run[0]), hint)


def _keywords(run: str) -> str:
    found = [(name or other, value or text) for name, value, other, text in OPTION.findall(run)]
    grouped = groupby(sorted(found, key=lambda pair: [name for name, _ in found].index(pair[0])), key=lambda pair: pair[0])
    return ", ".join(KEYWORDS[name]([_unquoted(value) for _, value in pairs if value]) for name, pairs in grouped)


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # a name with quotes in it
        return value


def _mapping(keyword: str, show: Callable[[str], str]) -> Callable[[list[str]], str]:
    def shown(values: list[str]) -> str:
        pairs = (value.rpartition("=") for value in values)
        return f"{keyword}={{{', '.join(f'{_quoted(name)}: {show(value)}' for name, _, value in pairs)}}}" if values else keyword

    return shown


def _inputs(values: list[str]) -> str:
    described = [SPECIFICATION.match(value) for value in values]
    if values and all(described):
        tensors = (f"{_quoted(d[1])}: torch.zeros({d[3].replace(',', ', ')}, dtype=torch.{d[2]})" for d in described if d)
        return f"kwargs={{{', '.join(tensors)}}}"
    return _list("inputs")(values)


def _list(keyword: str) -> Callable[[list[str]], str]:
    return lambda values: f"{keyword}=[{', '.join(map(_quoted, values))}]" if values else keyword


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


KEYWORDS: dict[str, Callable[[list[str]], str]] = {
    "dim": _mapping("dims", lambda size: f"[{', '.join(size.split(','))}]" if "," in size else size),
    "shape": _mapping("shapes", lambda sizes: f"[{', '.join(sizes.split(','))}]"),
    "bind": _mapping("bind", str),
    "input": _inputs,
    "output": _list("outputs"),
    "budget": lambda values: f"budget={values[0]}" if values else "budget",
    "unsupported-floats": lambda values: f"unsupported_floats={_quoted(values[0])}" if values else "unsupported_floats",
}
"""What an option's values are as an argument of ``convert``."""

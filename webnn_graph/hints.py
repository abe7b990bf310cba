"""Options in hints: written as the commands spell them, and read as Python does where an error reaches a Python program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from itertools import groupby

VALUE = r"""(?:'[^']*'|[^\s;'])+"""
PAIR = rf"{VALUE}=[^\s;]+|'[^']+=[^']*'"
SPECIFICATION = re.compile(r"([\w.]+):(\w+)(\[.*\])\Z")


def option(name: str, value: str) -> str:
    """An option with its value as a shell takes it: ``--output '/head/Concat 5'``."""
    return f"--{name} {shlex.quote(value)}"


def options(name: str, values: Iterable[str]) -> str:
    """The option once for each value."""
    return " ".join(option(name, value) for value in values)


def in_python(hint: str) -> str:
    """The hint with keyword arguments of ``convert`` in the place of options: ``dims={"batch": 1}`` for ``--dim batch=1``."""
    return COMMAND.sub(lambda command: COMMANDS[command[0]], RUN.sub(lambda run: _keywords(run[0]), hint))


def _keywords(run: str) -> str:
    found = [found[0].removeprefix("--").partition(" ") for found in ONE.finditer(run)]
    names = [name for name, _, _ in found]
    grouped = groupby(sorted(found, key=lambda item: names.index(item[0])), key=lambda item: item[0])
    return ", ".join(OPTIONS[name][1]([_unquoted(value) for _, _, value in items if value]) for name, items in grouped)


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


def _sizes(text: str) -> str:
    return f"[{', '.join(text.split(','))}]"


def _size_or_sizes(text: str) -> str:
    return _sizes(text) if "," in text else text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _one(keyword: str, show: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda values: f"{keyword}={show(values[0])}" if values else keyword


def _always(text: str) -> Callable[[list[str]], str]:
    return lambda values: text


OPTIONS: dict[str, tuple[str, Callable[[list[str]], str]]] = {
    "dim": (PAIR, _mapping("dims", _size_or_sizes)),
    "padding": (r"masked|zeros|exact", _one("padding", _quoted)),
    "shape": (PAIR, _mapping("shapes", _sizes)),
    "bind": (PAIR, _mapping("bind", str)),
    "input": (VALUE, _inputs),
    "output": (VALUE, _list("outputs")),
    "random": (r"inputs|\d+", _one("random", lambda value: value if value.isdecimal() else _quoted(value))),
    "budget": (VALUE, _one("budget", str)),
    "unsupported-floats": (VALUE, _one("unsupported_floats", _quoted)),
    "model": (r"[\w./-]+:[\w.]+", _one("factory", _quoted)),
    "model-args": (r"'[^']*'|[\[{]\S*", _one("factory_args", repr)),
    "state-dict": (VALUE, _one("state_dict", _quoted)),
    "task": (r"\w+(?:-\w+)+", _one("task", _quoted)),
    "submodule": (VALUE, _one("submodule", _quoted)),
    "trust-pickle": ("", _always("trust_pickle=True")),
    "trust-script": ("", _always("trust_script=True")),
    "generate": (r"\d+,\d+|PROMPT,CACHE", _always("save_package")),
    "ids": (r"\d+(?:,\d+)*", _always("generate([1, 2, 3])")),
    "format": (r"\w+", lambda values: f"formats=[{_quoted(values[0])}]" if values else "formats"),
    "browser": (r"\S*/\S*", _one("browser", _quoted)),
    "embed": ("", _always("embed=True")),
    "target": (r"[\w.-]+", _one("target", _quoted)),
    "fallback": (r"ort-web\S*", _one("fallback", _quoted)),
    "image": (r"\w+:\S+", _always("an Image in its metadata")),
    "audio": (r"\w+:\S+", _always("an Audio in its metadata")),
    "picture-size": ("", _always("picture_size")),
    "with-preprocessing": ("", _always("preprocessing=True")),
    "labels": (r"(?:[^\s:]+:)?FILE", _always("Labels in its metadata")),
    "characters": (r"(?:[^\s:]+:)?FILE", _always("Characters in its metadata")),
    "regression": (r"(?:[^\s:]+:)?FILE", _always("Regression in its metadata")),
    "truncate": ("", _always("truncate=True")),
    "debug": ("", _always("the traceback")),
}
"""By option, the pattern of its value in a hint, and what it is in Python with all its values."""
COMMANDS = {"onnx2webnn": "converters.onnx.convert", "torch2webnn": "converters.torch.convert"}
"""What a command is in Python."""
_OPTION = "(?:" + "|".join(f"--{name}" + (f"(?:[ ](?:{value}))?" if value else "") for name, (value, _) in OPTIONS.items()) + r")(?![\w-])"
ONE, RUN = re.compile(_OPTION), re.compile(f"{_OPTION}(?: {_OPTION})*")
COMMAND = re.compile(rf"\b(?:{'|'.join(COMMANDS)})\b")

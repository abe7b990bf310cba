"""A small language for what a JSON document may hold.

A `Rule` takes a value and where it stands, and returns the value written anew; it raises `Refused` for anything it does not
know. Rules are put together: ``record(name=NAME, sizes=items(SIZE))``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

Rule: TypeAlias = Callable[[Any, str], Any]

MAX_DEPTH = 40
"""Deepest nesting of rules that are defined by themselves."""


class Refused(Exception):
    """A value is not one that the description knows; the text says what it is and where."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}" if where else what)


def shown(value: Any) -> str:
    """A value for a message, cut when it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def integer(low: int = -(2**63), high: int = 2**63 - 1) -> Rule:
    """A whole number of this range."""

    def check(value: Any, where: str) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Refused(where, f"{shown(value)} is not a whole number from {low} to {high}")
        return value

    return check


def flag(value: Any, where: str) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise Refused(where, f"{shown(value)} is neither true nor false")
    return value


def number(value: Any, where: str) -> float:
    """A number; JSON has strings for those that are not finite."""
    if isinstance(value, str) and value in ("Infinity", "-Infinity", "NaN"):
        return float(value)
    if type(value) not in (int, float):
        raise Refused(where, f"{shown(value)} is not a number")
    try:
        return float(value)
    except OverflowError:
        raise Refused(where, f"{shown(value)} is too large") from None


def text(pattern: str, what: str, longest: int = 1000) -> Rule:
    """A string that the pattern matches as a whole."""
    compiled = re.compile(pattern)

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or len(value) > longest or not compiled.fullmatch(value):
            raise Refused(where, f"{shown(value)} is not {what}")
        return value

    return check


def one_of(values: Collection[Any], what: str) -> Rule:
    """One of these values."""

    def check(value: Any, where: str) -> Any:
        if isinstance(value, dict | list) or value not in values:
            raise Refused(where, f"{shown(value)} is not {what}")
        return value

    return check


def optional(rule: Rule) -> Rule:
    """What the rule takes, or null; as a member of a record it may be missing."""

    def check(value: Any, where: str) -> Any:
        return None if value is None else rule(value, where)

    check.is_optional = True  # type: ignore[attr-defined]
    return check


def items(rule: Rule, most: int = 10_000_000) -> Rule:
    """A list."""

    def check(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise Refused(where, f"{shown(value)} is not a list" + (f" of at most {most}" if isinstance(value, list) else ""))
        return [rule(item, f"{where}[{i}]") for i, item in enumerate(value)]

    return check


def mapping(key: Rule, rule: Rule) -> Rule:
    """An object whose members all follow one rule."""

    def check(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused(where, f"{shown(value)} is not an object")
        return {key(name, where): rule(item, f"{where}.{name}") for name, item in value.items()}

    return check


def record(**members: Rule) -> Rule:
    """An object with these members. Others are left out: newer versions may have some that this one does not need."""

    def check(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused(where, f"{shown(value)} is not an object")
        missing = [name for name, rule in members.items() if name not in value and not hasattr(rule, "is_optional")]
        if missing:
            raise Refused(where, f"{missing[0]} is missing")
        return {name: rule(value[name], f"{where}.{name}".lstrip(".")) for name, rule in members.items() if name in value}

    return check


def union(**members: Rule) -> Rule:
    """An object with exactly one of these members."""

    def check(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) != 1:
            raise Refused(where, f"{shown(value)} is not an object with one member")
        ((name, item),) = value.items()
        if name not in members:
            raise Refused(where, f"{name!r} is not known here")
        return {name: members[name](item, f"{where}.{name}")}

    return check


def never(what: str) -> Rule:
    """Nothing: ``what`` is refused."""

    def check(value: Any, where: str) -> Any:
        raise Refused(where, what)

    return check


def nested(rule: Callable[[], Rule]) -> Rule:
    """A rule that is defined further down; values nested too deeply are refused."""

    def check(value: Any, where: str) -> Any:
        if where.count(".as_graph") + where.count(".as_string_to_argument") > MAX_DEPTH:
            raise Refused("", "it is nested too deeply")
        return rule()(value, where)

    return check

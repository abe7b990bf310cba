"""What msgspec says of a member that is wrong, in the words of options."""

from __future__ import annotations

import re

import msgspec

TYPES = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false"}
BOUNDS = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}
SAID = re.compile(r"(.*?)(?: - at `\$\.?(.*?)(?:\[.*)?`)?", re.DOTALL)
BOUND = re.compile(r"Expected `(\w+)` ([<>]=?) (.+)")
LENGTH = re.compile(r"Expected `(\w+)` of length ([<>]=?) (\d+)")
TYPE = re.compile(r"Expected `(\w+)[^`]*`, got `(\w+)[^`]*`")


def wrong(error: msgspec.ValidationError) -> str:
    """What is wrong with which member: ``std must be above 0``."""
    found = SAID.fullmatch(str(error))
    what, member = (found[1], found[2] or "") if found else (str(error), "")
    if missing := re.fullmatch("Object missing required field `(.*)`", what):
        return f"{missing[1]}= is missing"
    if bound := BOUND.fullmatch(what):
        return f"{member} must be {BOUNDS[bound[2]]} {bound[3].removesuffix('.0')}"
    if length := LENGTH.fullmatch(what):
        return f"{member} must have {BOUNDS[length[2]]} {length[3]} {'characters' if length[1] == 'str' else 'values'}"
    if (kind := TYPE.fullmatch(what)) and kind[1] in TYPES:
        return f"{member} must be {TYPES[kind[1]]}"
    if value := re.fullmatch("Invalid enum value (.*)", what):
        return f"{member} is {value[1]}, which is not known"
    return f"{member}: {what}" if member else what

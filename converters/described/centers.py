"""A user's words on a heat map of centres, and which outputs are maps of its cells: ``--centers yx,log,middle,overlap=0.3``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from converters.described.detecting import scores_of
from converters.described.wrong import wrong
from webnn_graph.codes import Code
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import MOST_POINTS, Centers, Geometry, Meaning, Points, picture_size
from webnn_graph.wording import count

WORDS: Mapping[str, Mapping[str, Any]] = {"xy": {"order": "xy"}, "yx": {"order": "yx"}, "log": {"log": True}, "middle": {"middle": True}}
NUMBERS = ("stride", "overlap")


def words(text: str) -> dict[str, Any]:
    """Members of `Centers` that a user says: ``yx,log,middle,stride=4,overlap=0.3``.

    Raises:
        ValueError: A word is not known, or a number out of its range.
    """
    members: dict[str, Any] = {}
    for word in text.split(","):
        name, equals, value = word.partition("=")
        if not equals and word in WORDS:
            members |= WORDS[word]
        elif equals and name in NUMBERS:
            members[name] = int(value) if name == "stride" and value.isdecimal() else _number(value)
        else:
            raise ValueError(f"{word!r} is not known; words are {', '.join(WORDS)}, and {'=, '.join(NUMBERS)}=")
    try:
        msgspec.convert({"names": [""], **members}, Centers)
    except msgspec.ValidationError as error:
        raise ValueError(wrong(error)) from None
    return members


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None


def centers(
    graph: Graph, name: str, names: tuple[str, ...], known: Mapping[str, Meaning], members: Mapping[str, Any]
) -> dict[str, Meaning]:
    """What the outputs of a heat map of centres are: it has a map for each label, and of the others with as many cells the first two of
    two maps are sizes and offsets, and what is left is of points.

    Args:
        graph: The graph.
        name: The heat map's, if it is said.
        names: Its labels.
        known: What inputs are, by name.
        members: Of `Centers`, which are said.

    Raises:
        ValidationError: There is no such output, or there are several.
    """
    maps = [operand for operand in graph.outputs if operand.rank > 2]
    found = [operand for operand in maps if operand.shape[-3] == len(names) and name in ("", operand.name)]
    if len(found) != 1:
        shapes = ", ".join(f"{operand.name} {list(operand.shape)}" for operand in found or graph.outputs)
        if found:
            what = f"each of {shapes} can be the centers of {count(len(names), 'label')}"
            raise ValidationError(what, "say which: --labels OUTPUT:FILE", code=Code.REFUSED)
        raise ValidationError(f"none of {shapes} has a map for each of {count(len(names), 'label')}", code=Code.WRONG_SHAPE)
    (heat,) = found
    others = [one for one in maps if one is not heat and one.shape[-2:] == heat.shape[-2:] and not one.shape[-3] % 2]
    pairs = [one for one in others if one.shape[-3] == 2][:2]
    if len(pairs) < 2:
        raise ValidationError(
            f"output {heat.name} {list(heat.shape)} has no sizes and offsets of its cells: no two other outputs have 2 maps of them",
            code=Code.WRONG_SHAPE,
        )
    rest = [one for one in others if one not in pairs and 2 <= one.shape[-3] <= 2 * MOST_POINTS]
    points = rest[0] if len(rest) == 1 else None
    size = picture_size(graph.inputs, known)
    stride = {"stride": max(1, round(size[0] / heat.shape[-2]))} if size and heat.shape[-2] else {}
    of_points = Points(count=points.shape[-3] // 2) if points else None
    made = Centers(names=names, scores=scores_of(graph, heat), **{**stride, **members}, points=of_points)
    return {heat.name: made, **_held(pairs[0], "sizes"), **_held(pairs[1], "offsets"), **(_held(points, "points") if points else {})}


def _held(operand: Operand, holds: Any) -> dict[str, Meaning]:
    return {operand.name: Geometry(holds=holds)}

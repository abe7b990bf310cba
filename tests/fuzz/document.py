"""``webnn-graph-json``: changes of the tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.formats.test_of_rustnn import AS_JSON as OF_RUSTNN
from tests.fuzz import graphs, mutations, trees
from tests.fuzz.case import Base
from webnn_graph.data_types import DataType
from webnn_graph.ops import OPS


@cache
def bases() -> list[Base]:
    """Documents of all operators, and of what only rustnn's tools write."""
    found = [Base(content, "model.json", beside) for content, beside in graphs.files(".json")]
    return [*found, *[Base(json.dumps(OF_RUSTNN).encode(), "model.json")] * (len(found) // 10 + 1)]


def feed(path: Path, output: Path) -> None:
    """See `graphs.use`."""
    graphs.use(path, output)


def mutate(content: bytes, random: Random) -> bytes:
    """A document with one change."""
    try:
        tree = trees.parsed(content)
    except ValueError:
        return mutations.damaged(content, random)
    match random.randrange(10):
        case 0:
            return mutations.damaged(content, random)
        case 1 | 2 | 3 | 4 | 5:
            _change_a_call(tree, random)
            return trees.written(tree)
        case _:
            return trees.written(trees.changed(tree, random))


def _change_a_call(tree: Any, random: Random) -> None:
    """Another operator, argument, shape or data type, of the kind that its place takes."""
    found = list(trees.places(tree))
    match random.randrange(5):
        case 0:
            _put(found, "op", lambda _: random.choice([*OPS, "squeeze", "unsqueeze", ""]), random)
        case 1:
            _put(found, "dataType", lambda _: random.choice(list(DataType)).value, random)
        case 2:
            _put(found, "shape", lambda old: graphs.another_shape(old if isinstance(old, list) else [], random), random)
        case _:
            calls = [value for value in map(trees.value_at, found) if isinstance(value, trees.Members) and "options" in dict(value)]
            if not calls:
                return
            call = dict(random.choice(calls))
            name, value = graphs.argument(random, str(call.get("op")))
            options = call["options"]
            if isinstance(options, trees.Members):
                options[:] = [pair for pair in options if pair[0] != name] + [(name, value)]


def _put(found: list[trees.Place], name: str, another: Callable[[Any], Any], random: Random) -> None:
    """Puts another value where a member of this name is."""
    named = [place for place in found if trees.name_of(place) == name]
    if named:
        place = random.choice(named)
        trees.put(place, another(trees.value_at(place)))

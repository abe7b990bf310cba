"""Changes of JSON documents as trees: members and items dropped, doubled, exchanged, nested, and of another kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from tests.fuzz import mutations

DEEP = 100_000
LITERALS = ("1e999", "-1e999", "NaN", "1" * 5000, "1" * 30, "-0", "1.0", "1e3", "0.1e-400", "tru", "'x'", "01", "+1")


class Members(list[tuple[str, Any]]):
    """An object; unlike in a dictionary, a name may stand twice."""


class Literal(str):
    """What stands in the file as it is."""


Place = tuple[list[Any], int]
"""A member or item, by what holds it and where."""


def parsed(content: bytes) -> Any:
    """The tree of a JSON text. Raises `ValueError` when it is none, or too deep to be changed."""
    try:
        tree = json.loads(content.decode(), object_pairs_hook=Members)
        _text(tree)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return tree


def written(tree: Any) -> bytes:
    """The text of a tree."""
    return _text(tree).encode()


def _text(tree: Any) -> str:
    if isinstance(tree, Literal):
        return str(tree)
    if isinstance(tree, Members):
        return "{" + ", ".join(f"{json.dumps(name)}: {_text(value)}" for name, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(_text, tree)) + "]"
    return json.dumps(tree)


def places(tree: Any) -> Iterator[Place]:
    """Every member and item of a tree."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, list):
            yield from ((holder, i) for i in range(len(holder)))
            waiting += (value_at((holder, i)) for i in range(len(holder)))


def value_at(place: Place) -> Any:
    """What stands there."""
    holder, i = place
    return holder[i][1] if isinstance(holder, Members) else holder[i]


def put(place: Place, value: Any) -> None:
    """Puts something else there."""
    holder, i = place
    holder[i] = (holder[i][0], value) if isinstance(holder, Members) else value


def name_of(place: Place) -> str:
    """The name of a member; nothing for an item."""
    holder, i = place
    return holder[i][0] if isinstance(holder, Members) else ""


# -------------------------------------------------------------------------------------------------------------------- changes
Change = Callable[[Any, Place, Random], None]


def _alike(tree: Any, place: Place, random: Random) -> None:
    """Another value of the same kind."""
    value = value_at(place)
    if isinstance(value, bool) or value is None:
        put(place, random.choice((True, False, None)))
    elif isinstance(value, int):
        put(place, mutations.integer(random, value))
    elif isinstance(value, float):
        put(place, mutations.number(random, value))
    elif isinstance(value, str):
        put(place, mutations.text(random, value))
    elif isinstance(value, list) and value:
        value.append(copy.deepcopy(random.choice(value)))


def _other(tree: Any, place: Place, random: Random) -> None:
    """A value of any kind."""
    put(place, plain(random))


def _drop(tree: Any, place: Place, random: Random) -> None:
    del place[0][place[1]]


def _double(tree: Any, place: Place, random: Random) -> None:
    holder, i = place
    holder.insert(random.randint(0, len(holder)), copy.deepcopy(holder[i]))


def _exchange(tree: Any, place: Place, random: Random) -> None:
    other = random.choice(list(places(tree)))
    first, second = copy.deepcopy(value_at(place)), copy.deepcopy(value_at(other))
    put(other, first)
    put(place, second)


def _copy(tree: Any, place: Place, random: Random) -> None:
    put(place, copy.deepcopy(value_at(random.choice(list(places(tree))))))


def _rename(tree: Any, place: Place, random: Random) -> None:
    holder, i = place
    if isinstance(holder, Members):
        names = [name_of(other) for other in places(tree)]
        name = random.choice(names) if random.random() < 0.5 else mutations.text(random, holder[i][0])
        holder[i] = (name, holder[i][1])


def _wrap(tree: Any, place: Place, random: Random) -> None:
    value = value_at(place)
    put(place, random.choice(([value], Members([("name", value)]), [value, value])))


def _nest(tree: Any, place: Place, random: Random) -> None:
    depth = random.choice((50, 900, DEEP))
    opening, closing = random.choice((("[", "]"), ('{"a": ', "}")))
    put(place, Literal(opening * depth + "1" + closing * depth))


def _literal(tree: Any, place: Place, random: Random) -> None:
    put(place, Literal(random.choice(LITERALS)))


def _long(tree: Any, place: Place, random: Random) -> None:
    put(place, random.choice((["x"] * 5000, [1] * 20000, "x" * 100_000, [[]] * 3000)))


OFTEN: Sequence[Change] = (_alike, _alike, _alike, _other, _drop, _double, _copy)
CHANGES: Sequence[Change] = (*OFTEN, *OFTEN, _exchange, _rename, _wrap, _nest, _literal, _long)


def plain(random: Random) -> Any:
    """Plain data of any kind."""
    kinds: Sequence[Callable[[], Any]] = (
        lambda: None,
        lambda: random.random() < 0.5,
        lambda: mutations.integer(random),
        lambda: mutations.number(random),
        lambda: mutations.text(random),
        lambda: [mutations.integer(random) for _ in range(random.randrange(6))],
        lambda: [mutations.text(random) for _ in range(random.randrange(4))],
        lambda: Members([(mutations.text(random), mutations.integer(random)) for _ in range(random.randrange(3))]),
    )
    return random.choice(kinds)()


def changed(tree: Any, random: Random) -> Any:
    """The tree, changed in one place."""
    found = list(places(tree))
    if found:
        random.choice(CHANGES)(tree, random.choice(found), random)
    return tree


def mutate(content: bytes, random: Random) -> bytes:
    """A JSON text with one change; of its bytes, when it is none any more."""
    try:
        return written(changed(parsed(content), random))
    except ValueError:
        return mutations.damaged(content, random)

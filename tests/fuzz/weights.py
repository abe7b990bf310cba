"""``.safetensors``: changes of the header as a tree, of offsets and lengths, and of the data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.formats.test_of_rustnn import OF_RUSTNN
from tests.formats.test_of_rustnn import weights as packed
from tests.fuzz import graphs, mutations, trees
from tests.fuzz.case import Base

DTYPES = ("F32", "F16", "BF16", "F64", "I64", "I32", "I8", "U8", "BOOL", "F8_E4M3", "C64", "F4", "U64", "f32", "", "F" * 100)
INDEX = b'{"'
"""How the index of weights in several files begins."""
LARGEST_IN_PARTS = 10_000
PREFIX = 8
"""Bytes of the header's length."""


@cache
def bases() -> list[Base]:
    """Weights of the graphs that have any; the graph stands beside."""
    found = []
    for content, beside in graphs.files(".webnn"):
        found += [Base(weights, name, {"model.webnn": content}) for name, weights in beside.items()]
    one = next(base for base in found if len(base.content) < LARGEST_IN_PARTS)
    names = [name for name, _ in trees.parsed(_header(one.content)) if name != "__metadata__"]
    index = json.dumps({"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(names, "part.safetensors")})
    parts = {"part.safetensors": one.content, "model.webnn": one.beside["model.webnn"]}
    of_rustnn = Base(packed(), "model.safetensors", {"model.webnn": OF_RUSTNN.encode()})
    found += [of_rustnn] * (len(found) // 10 + 1)
    return [*found, *[Base(index.encode(), "model.safetensors.index.json", parts)] * (len(found) // 20 + 1)]


def _header(content: bytes) -> bytes:
    return content[PREFIX : PREFIX + int.from_bytes(content[:PREFIX], "little")]


def feed(path: Path, output: Path) -> None:
    """See `graphs.use`."""
    graphs.use(path.with_name("model.webnn"), output)


def mutate(content: bytes, random: Random) -> bytes:
    """Weights with one change."""
    if content.startswith(INDEX):
        return trees.mutate(content, random)
    length = int.from_bytes(content[:PREFIX], "little")
    header, data = content[PREFIX : PREFIX + length], content[PREFIX + length :]
    match random.randrange(10):
        case 0:
            return mutations.damaged(content, random)
        case 1:
            return (mutations.integer(random, length) % 2**64).to_bytes(PREFIX, "little") + content[PREFIX:]
        case 2:
            return content[: PREFIX + length] + mutations.damaged(data, random)
    try:
        tree = trees.parsed(header)
    except ValueError:
        return mutations.damaged(content, random)
    if random.random() < 0.3:
        tree = trees.changed(tree, random)
    else:
        _change_an_entry(tree, random)
    changed = trees.written(tree)
    return len(changed).to_bytes(PREFIX, "little") + changed + data


def _change_an_entry(tree: Any, random: Random) -> None:
    """Another data type, shape, range of bytes, or what a header may hold besides."""
    found = list(trees.places(tree))
    name = random.choice(("dtype", "shape", "data_offsets", "__metadata__", "order"))
    if name == "order" and isinstance(tree, trees.Members):
        random.shuffle(tree)
        return
    if name == "__metadata__" and isinstance(tree, trees.Members):
        tree.insert(random.randint(0, len(tree)), (name, trees.plain(random)))
        return
    entries = [place for place in found if trees.name_of(place) == name]
    if not entries:
        return
    place = random.choice(entries)
    if name == "dtype":
        trees.put(place, random.choice(DTYPES))
    else:
        old = trees.value_at(place)
        numbers = [n for n in old if isinstance(n, int)] if isinstance(old, list) else []
        if name == "shape":
            trees.put(place, random.choice((numbers[::-1], [1, *numbers], graphs.another_shape(numbers, random))))
        else:
            trees.put(place, [mutations.integer(random, n) if random.random() < 0.5 else n for n in numbers])

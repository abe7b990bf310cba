"""What functions and their variables are called, by the names and labels of what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TypeVar

from webnn_graph.graph import Node
from webnn_graph.labels import path_of
from webnn_graph.repeats import Block, Item

NUMBERING = "0123456789_."
"""What stands at the end of a name only to tell it from others of its kind."""
WITHIN = re.compile(r".*_\d+_(?=[A-Za-z])")
"""The beginning of a name that says in which of several modules it is."""
LONGEST = 64
"""Characters of a name at most; what is longer nobody reads."""


T = TypeVar("T")


def kind_of(name: str, otherwise: str = "x") -> str:
    """What all the operands have in common that differ from this one in their numbers: ``view`` for ``layers_3_attention_view_12``."""
    kind = name.rstrip(NUMBERING)
    where = WITHIN.match(kind)
    kind = kind[where.end() if where else 0 :].lstrip("_")
    return kind if kind and len(kind) <= LONGEST else otherwise


def module_of(block: Block) -> str:
    """The kind of module that each use of a block is one of, ``layer`` of ``layers.0`` and so on; empty where labels do not say so."""
    modules = [tuple(_common(path_of(node.label) for node in _nodes(use.items))) for use in block.uses]
    if not all(modules) or len(set(modules)) < len(modules):
        return ""
    kinds = {_kind_of_module(module) for module in modules}
    kind = kinds.pop()
    return kind if not kinds and len(kind) <= LONGEST else ""


def _common(sequences: Iterable[Sequence[T]]) -> list[T]:
    """What all sequences begin with."""
    return [first for first, *_ in takewhile(lambda alike: len(set(alike)) == 1, zip(*sequences, strict=False))]


def _kind_of_module(path: Sequence[str]) -> str:
    """The last part that is no number; in the singular if a number follows, as in PyTorch's lists of modules."""
    parts = ".".join(path).split(".")
    names = [part for part in parts if not part.isdecimal()]
    if not names:
        return ""
    is_list = parts[-1].isdecimal() and not names[-1].endswith("ss")
    return names[-1].removesuffix("s") if is_list else names[-1].rstrip(NUMBERING)


def _nodes(items: Sequence[Item]) -> Iterator[Node]:
    for item in items:
        if isinstance(item, Node):
            yield item
        else:
            yield from _nodes(item.items)


def common_end(texts: Sequence[str]) -> str:
    """The end that all texts have, from where something in them begins: ``_q_weight`` of ``layers_1_q_weight``, ``layers_21_q_weight``."""
    end = "".join(_common(text[::-1] for text in texts))[::-1]
    found = re.search(r"[\W_]", end)
    return end[found.start() :] if found else ""

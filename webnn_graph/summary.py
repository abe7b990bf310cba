"""What a graph is, in three lines: its name and size, its interface, its operators."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from webnn_graph.graph import Graph, Operand
from webnn_graph.wording import count, one_line, size

WIDTH = 80
"""Columns of a terminal."""
LONGEST_NAMES = (32, 20, 12, 8)
"""How long names may be where there is no room for whole ones."""
SHORTEST = 8
"""Columns that an operand takes at least."""
MOST_ALIKE = 4
"""Operands that differ in the numbers in their names only, up to which each is shown."""


def summary(graph: Graph, width: int = WIDTH) -> str:
    """Three lines of at most ``width`` columns: `headline`, `interface` and `operators`."""
    lines = (headline(graph, width), f"  {interface(graph, width - 2)}", f"  {operators(graph, width - 2)}")
    return "\n".join(lines)


def headline(graph: Graph, width: int = WIDTH) -> str:
    """What it is called and how large it is: ``resnet50: 122 operators, 102.2 MB of weights``."""
    rest = f": {count(len(graph.nodes), 'operator')}, {size(graph.weight_bytes)} of weights"
    return one_line(graph.name, width - len(rest)) + rest


def interface(graph: Graph, width: int = WIDTH) -> str:
    """What goes in and comes out: ``image float32[1, 3, 64, 64] -> logits float32[1, 10]``.

    Args:
        graph: Whose.
        width: Columns that it may take. Where there are fewer, long names lose their middle, then it says how many operands more
            there are.
    """
    most = width // SHORTEST
    taken, given = _alike(graph.inputs), _alike(graph.outputs)
    texts = (
        f"{_side(taken, inputs, 'input', longest)} -> {_side(given, outputs, 'output', longest)}"
        for inputs, outputs in _fewer(min(len(taken), most), min(len(given), most))
        for longest in (width, *LONGEST_NAMES)
    )
    return _first_that_fits(texts, width)


def described(operands: Sequence[Operand], most: int = 6) -> str:
    """The first operands with their types and shapes: ``ids int64[1, 8], mask int64[1, 8] and 24 more``."""
    groups = _alike(operands)
    return _side(groups, min(len(groups), most), "", LONGEST_NAMES[0]) if operands else ""


def operators(graph: Graph, width: int = WIDTH) -> str:
    """The most frequent operators: ``conv2d 53, relu 49, add 16 and 4 more``."""
    counted = [f"{op} {number:,}" for op, number in Counter(node.op for node in graph.nodes).most_common()]
    texts = (_listed(counted[:shown], len(counted)) for shown in range(len(counted), 0, -1))
    return _first_that_fits(texts, width) if counted else "no operators"


def _first_that_fits(texts: Iterable[str], width: int) -> str:
    """The first text of at most ``width`` columns, or what fits of the last."""
    text = ""
    for text in texts:
        if len(text) <= width:
            break
    return one_line(text, width)


def _fewer(inputs: int, outputs: int) -> Iterator[tuple[int, int]]:
    """How many of each side to show: all, then one less of the side of which more are shown, down to none."""
    yield inputs, outputs
    while inputs or outputs:
        inputs, outputs = (inputs - 1, outputs) if inputs >= outputs else (inputs, outputs - 1)
        yield inputs, outputs


def _alike(operands: Sequence[Operand]) -> list[list[Operand]]:
    """Those of which there are many, as the states of a model's layers, in one group, and each of the others in one of its own."""
    kinds = [(re.sub(r"\d+", "0", operand.name), operand.descriptor) for operand in operands]
    times = Counter(kinds)
    groups: dict[object, list[Operand]] = {}
    for operand, kind in zip(operands, kinds, strict=True):
        groups.setdefault(kind if times[kind] > MOST_ALIKE else operand.name, []).append(operand)
    return list(groups.values())


def _side(groups: Sequence[Sequence[Operand]], shown: int, thing: str, longest: int) -> str:
    """The first operands of one side, with names of at most ``longest`` characters; their number where none is shown."""
    described = []
    for first, *others in groups[:shown]:
        last = f" to {one_line(others[-1].name, longest)}, {len(others) + 1} times" if others else ""
        described.append(f"{one_line(first.name, longest)}{last} {first.descriptor}")
    total, seen = (sum(map(len, some)) for some in (groups, groups[:shown]))
    return _listed(described, len(described) + total - seen) if described else count(total, thing)


def _listed(shown: Sequence[str], total: int) -> str:
    """The items that are shown of a list, and how many more there are."""
    rest = f" and {total - len(shown):,} more" if total > len(shown) else ""
    return ", ".join(shown) + rest

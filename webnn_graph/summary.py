"""What a graph is, in three lines: its name and size, its interface, its operators."""

from __future__ import annotations

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
    texts = (
        f"{_side(graph.inputs, inputs, 'input', longest)} -> {_side(graph.outputs, outputs, 'output', longest)}"
        for inputs, outputs in _fewer(min(len(graph.inputs), most), min(len(graph.outputs), most))
        for longest in (width, *LONGEST_NAMES)
    )
    return _first_that_fits(texts, width)


def described(operands: Sequence[Operand], most: int = 6) -> str:
    """The first operands with their types and shapes: ``ids int64[1, 8], mask int64[1, 8] and 24 more``."""
    return _side(operands, min(len(operands), most), "", LONGEST_NAMES[0]) if operands else ""


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


def _side(operands: Sequence[Operand], shown: int, thing: str, longest: int) -> str:
    """The first operands of one side, with names of at most ``longest`` characters; their number where none is shown."""
    described = [f"{one_line(operand.name, longest)} {operand.descriptor}" for operand in operands[:shown]]
    return _listed(described, len(operands)) if described else count(len(operands), thing)


def _listed(shown: Sequence[str], total: int) -> str:
    """The items that are shown of a list, and how many more there are."""
    rest = f" and {total - len(shown):,} more" if total > len(shown) else ""
    return ", ".join(shown) + rest

"""Layered layout: what is drawn in which row, and in which order there.

Rows are the longest paths from what needs nothing. A tensor that passes rows goes through a bend in each of them. The order in the
rows, and with it the crossings, is fast-sugiyama's; widths are not known here, so the page computes the coordinates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from webnn_graph.errors import RuntimeUnavailable

LONGEST = 40
"""Rows that a drawn tensor passes at most; one that goes further is drawn as two ends, and costs no bends."""


@dataclass(frozen=True)
class Edge:
    """A tensor's way from one vertex to another.

    Attributes:
        source: Index of the vertex that it comes from.
        target: Index of the vertex that reads it.
        tensor: Its number; edges of the same tensor share bends.
    """

    source: int
    target: int
    tensor: int


@dataclass(frozen=True)
class Layout:
    """Rows and ways.

    Attributes:
        rows: The row of each vertex, bends after the given ones.
        places: Where in its row each vertex is: a number that orders them, about one apart.
        ways: For each edge, the vertices that it goes through, the ends included.
    """

    rows: Sequence[int]
    places: Sequence[float]
    ways: Sequence[Sequence[int]]


def laid_out(count: int, edges: Sequence[Edge], top: Sequence[int] = (), bottom: Sequence[int] = ()) -> Layout:
    """The layout of a graph without circles.

    Args:
        count: How many vertices there are; edges lead from lower to higher rows.
        edges: What connects them.
        top: Vertices that belong into the first row.
        bottom: Vertices that belong into the last row.

    Raises:
        RuntimeUnavailable: fast-sugiyama is not installed.
    """
    rows = _rows(count, edges, set(top), set(bottom))
    bends: dict[tuple[int, int], int] = {}
    ways = []
    for edge in edges:
        between = range(rows[edge.source] + 1, rows[edge.target])
        if len(between) > LONGEST:
            ways.append([edge.source, edge.target])
            continue
        through = [bends.setdefault((edge.tensor, row), count + len(bends)) for row in between]
        ways.append([edge.source, *through, edge.target])
    rows += [row for _, row in bends]
    steps = sorted({step for way in ways for step in pairwise(way) if rows[step[1]] == rows[step[0]] + 1})
    return Layout(rows, _places(rows, steps), ways)


def _rows(count: int, edges: Sequence[Edge], top: set[int], bottom: set[int]) -> list[int]:
    """The row of each vertex: below all that it reads, and right above what reads it when it reads nothing itself."""
    sources: Mapping[int, list[int]] = defaultdict(list)
    readers: Mapping[int, list[int]] = defaultdict(list)
    for edge in edges:
        sources[edge.target].append(edge.source)
        readers[edge.source].append(edge.target)
    missing = [len(sources[vertex]) for vertex in range(count)]
    order = [vertex for vertex in range(count) if not missing[vertex]]
    rows = [0 if vertex in top or not top else 1 for vertex in range(count)]
    for vertex in order:
        for reader in readers[vertex]:
            rows[reader] = max(rows[reader], rows[vertex] + 1)
            missing[reader] -= 1
            if not missing[reader]:
                order.append(reader)
    assert len(order) == count, "the graph has a circle"
    for vertex in reversed(order):
        if readers[vertex] and not sources[vertex] and vertex not in top:
            rows[vertex] = min(rows[reader] for reader in readers[vertex]) - 1
    last = max((rows[vertex] for vertex in range(count) if vertex not in bottom), default=-1) + 1
    return [last if vertex in bottom else row for vertex, row in enumerate(rows)]


def _places(rows: Sequence[int], steps: Sequence[tuple[int, int]]) -> list[float]:
    """Where in its row each vertex is; parts that nothing connects stand side by side."""
    places = [0.0] * len(rows)
    offset, placed = 0.0, set[int]()
    for positions, width in _components(steps):
        for vertex, x in positions:
            places[vertex] = offset + x
            placed.add(vertex)
        offset += width + 1
    for vertex in range(len(rows)):
        if vertex not in placed:
            places[vertex], offset = offset, offset + 1
    return places


def _components(steps: Sequence[tuple[int, int]]) -> list[tuple[list[tuple[int, float]], float]]:
    if not steps:
        return []
    try:
        from fast_sugiyama import from_edges
    except ImportError:
        raise RuntimeUnavailable(
            "pictures of graphs are laid out by fast-sugiyama, which is not installed", "pip install 'webnn-convert[view]'"
        ) from None
    found = []
    for positions, *_ in from_edges(steps, vertex_spacing=1, dummy_vertices=False):
        left = min(x for _, (x, _) in positions)
        right = max(x for _, (x, _) in positions)
        found.append(([(int(vertex), x - left) for vertex, (x, _) in positions], right - left))
    return found

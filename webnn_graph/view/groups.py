"""The calls of a graph as a tree of groups, by the modules of the source model that their labels name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from webnn_graph.graph import Graph, Node
from webnn_graph.labels import Path, path_of

FEWEST_PER_PIECE = 3
"""Calls that the pieces of a group have on average at least; a name that is spread wider says nothing about where a call is."""
MOST_PIECES = 4
"""Pieces that a group has at most, for the same reason: a module is called a few times, a kind of operator all over the graph."""


@dataclass(frozen=True, eq=False)
class Group:
    """Calls that belong together; no path between two of them leaves the group.

    Attributes:
        name: What it is called within the group around it; empty for the whole graph.
        items: What it consists of, in an order in which every operand is defined before it is read.
        nodes: All calls in it, those of groups inside it, too, in the graph's order.
    """

    name: str
    items: Sequence[Node | Group] = field(repr=False)
    nodes: Sequence[Node] = field(repr=False)


def grouped(graph: Graph) -> Group:
    """The graph as one group of groups."""
    made = {output: node for node in graph.nodes for output in node.outputs}
    before = {node: {made[operand] for operand in node.operands if operand in made} for node in graph.nodes}
    return _group("", graph.nodes, {node: path_of(node.label) for node in graph.nodes}, before)


def _group(name: str, nodes: Sequence[Node], paths: Mapping[Node, Path], before: Mapping[Node, set[Node]]) -> Group:
    """A group of these calls; ``paths`` say where each is inside of it."""
    while nodes and (first := paths[nodes[0]]) and all(paths[node][:1] == first[:1] for node in nodes):
        name = f"{name}/{first[0]}" if name else first[0]  # a group that holds nothing but one group is that group
        paths = {node: paths[node][1:] for node in nodes}
    owners = _owners(nodes, paths, before)
    members: dict[Path, list[Node]] = defaultdict(list)
    for node in nodes:
        members[owners[node]].append(node)
    items: list[Node | Group] = []
    for owner, inside in members.items():
        if not owner or len(inside) == 1:
            items += inside
        else:
            items.append(_group(_title(owner, name), inside, {node: _below(paths[node], owner) for node in inside}, before))
    return Group(name, _in_order(items, before), nodes)


def _title(owner: Path, around: str) -> str:
    """What a group is called; a number, as lists of modules have, comes with the list's name."""
    title = "/".join(owner)
    return f"{around.rpartition('/')[2]}.{title}" if title[:1].isdecimal() and around else title


def _below(path: Path, owner: Path) -> Path:
    """What is left of a path inside its group, whose last part may count pieces."""
    return path[len(owner) :]


def _owners(nodes: Sequence[Node], paths: Mapping[Node, Path], before: Mapping[Node, set[Node]]) -> dict[Node, Path]:
    """The group of each call, empty for those that are in none: such that no group depends on itself by way of others."""
    owners = {node: paths[node][:1] for node in nodes}
    places = {node: place for place, node in enumerate(nodes)}
    settled: set[Path] = {()}
    while pending := {owner for owner in owners.values() if owner not in settled}:
        members: dict[Path, list[Node]] = defaultdict(list)
        for node, owner in owners.items():
            members[owner].append(node)
        for owner in sorted(pending):
            inside = members[owner]
            pieces = _pieces(nodes[places[inside[0]] : places[inside[-1]] + 1], set(inside), before)
            count = max(pieces.values()) + 1
            if count == 1:
                settled.add(owner)
            elif count > MOST_PIECES or count * FEWEST_PER_PIECE > len(inside):
                _dissolve(owner, inside, owners, paths)
            else:
                for node in inside:
                    part = f"{owner[-1]} ({pieces[node] + 1})" if pieces[node] else owner[-1]
                    owners[node] = (*owner[:-1], part)
                settled |= {owners[node] for node in inside}
    while cycle := _cycle(owners, before):
        sizes = Counter(owners.values())
        smallest = min(cycle, key=lambda owner: (sizes[owner], owner))
        _dissolve(smallest, [node for node in nodes if owners[node] == smallest], owners, {})
    return owners


def _dissolve(owner: Path, inside: Sequence[Node], owners: dict[Node, Path], paths: Mapping[Node, Path]) -> None:
    """Leaves a group out: the calls ``inside`` of it go to the groups that are inside of it, or to none."""
    for node in inside:
        deeper = paths.get(node, ())[: len(owner) + 1]
        owners[node] = deeper if len(deeper) > len(owner) else ()


def _pieces(between: Sequence[Node], inside: set[Node], before: Mapping[Node, set[Node]]) -> dict[Node, int]:
    """For the calls ``inside``, how often a path from another of them to it leaves the group at most.

    ``between`` are the graph's calls from the first of them to the last.
    """
    left: dict[Node, int] = {}  # of calls that depend on one inside
    for node in between:
        counts = [left[source] + (source not in inside and node in inside) for source in before[node] if source in left]
        if counts or node in inside:
            left[node] = max(counts, default=0)
    return {node: left[node] for node in inside}


def _cycle(owners: Mapping[Node, Path], before: Mapping[Node, set[Node]]) -> set[Path]:
    """Groups that depend on each other in a circle; empty when none do."""
    vertices = {node: owners[node] or node for node in owners}
    needs: dict[Path | Node, set[Path | Node]] = {vertex: set() for vertex in vertices.values()}
    for node, vertex in vertices.items():
        needs[vertex] |= {vertices[source] for source in before[node] if source in vertices and vertices[source] != vertex}
    rest = _unsorted(needs)
    needed = _unsorted({vertex: {other for other in rest if vertex in needs[other]} for vertex in rest})
    return {vertex for vertex in needed if isinstance(vertex, tuple)}


def _unsorted(needs: Mapping[Path | Node, set[Path | Node]]) -> set[Path | Node]:
    """What a topological sort does not reach: circles, and what depends on them."""
    readers: dict[Path | Node, list[Path | Node]] = defaultdict(list)
    missing = {vertex: len(others) for vertex, others in needs.items()}
    for vertex, others in needs.items():
        for other in others:
            readers[other].append(vertex)
    ready = [vertex for vertex, count in missing.items() if not count]
    for vertex in ready:
        for reader in readers[vertex]:
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
    return set(needs) - set(ready)


def _in_order(items: Iterable[Node | Group], before: Mapping[Node, set[Node]]) -> list[Node | Group]:
    """The items such that what one reads comes before it, else in the order of their first calls."""
    items = list(items)
    owner = {node: item for item in items for node in calls(item)}
    needs = {item: {owner[source] for node in calls(item) for source in before[node] if source in owner} - {item} for item in items}
    ordered: list[Node | Group] = []
    done: set[Node | Group] = set()
    waiting = items
    while waiting:
        later = []
        for item in waiting:
            if needs[item] <= done:
                ordered.append(item)
                done.add(item)
            else:
                later.append(item)
        assert len(later) < len(waiting), "no group depends on itself"
        waiting = later
    return ordered


def calls(item: Node | Group) -> Sequence[Node]:
    """The calls in an item."""
    return item.nodes if isinstance(item, Group) else (item,)

"""What each call of a graph costs.

In a browser a call alone costs more than in its graph: there it may be one step with the call before it, and images need not be turned
between two. So its cost is the difference between two graphs, of which one has the call as its last one and the other ends before it;
and at most what it costs alone, which is exact where the difference of two large numbers is not. The graphs begin a few calls earlier,
and each of their results that nothing reads is cut to one number, which is returned. Those of neighbouring calls take turns in one page.
What a module computes once, when it is loaded, is no call there: its results are weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.feeds import complete
from webnn_graph.formats.expanding import parts_of
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.ops import Trait, evaluate, having
from webnn_graph.progress import Watcher, watched
from webnn_graph.runtimes import RUNTIMES, find_runtime, reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.runtimes.timing import one_time, timed
from webnn_graph.targets import Target, legalize, load_target
from webnn_graph.weight import Values, Weight

LEAD = 2
"""Calls before those whose cost is measured, with which the first of them may be one step."""
TOGETHER = 10
"""Calls that are measured in one page."""
WEIGHTS_TOGETHER = 2**26
"""Bytes of weights from which fewer are: each graph of a page has its own copy of those that it reads."""
SECONDS = 0.08
"""For each call."""
WHOLE_SECONDS = 2.0
"""For the whole graph."""
ROUNDS = 60
"""At most; small calls need no more."""
CUT = "cut_"
"""The names of what is returned begin with it."""
FOLLOWING = having(Trait.ELEMENTWISE)
"""What is likely to be one step with the call before, and is measured with it."""


@dataclass(frozen=True)
class Profile:
    """What a graph costs.

    Attributes:
        graph: What was measured: the graph as the browser takes it, with weights for what is computed once.
        runtime: What computed it.
        version: The version of that.
        whole: Milliseconds that the whole graph takes, at best.
        calls: Milliseconds of each call, in order.
    """

    graph: Graph
    runtime: str
    version: str
    whole: float
    calls: Mapping[Node, float]


def profile(graph: Graph, *, runtime: str = "browser", browser: str | None = None, progress: Watcher | None = None) -> Profile:
    """What a graph and each of its calls cost.

    Args:
        graph: The graph.
        runtime: ``browser``, or ``reference`` for NumPy.
        browser: The executable, by default found by `find_browser`.
        progress: Is told how far it is.

    Raises:
        WebNNError: No other runtime can tell.
        ConversionError: Calls that Chromium can neither take nor be given otherwise.
        ExecutionError: The browser refuses the graph, or crashes.
        RuntimeUnavailable: There is no browser with WebNN.
    """
    if not find_runtime(runtime).profiles:
        able = " or ".join(name for name, known in RUNTIMES.items() if known.profiles)
        raise WebNNError(f"the runtime {runtime} does not tell what calls cost", f"use {able}", code=Code.UNKNOWN_RUNTIME)
    return in_browser(graph, browser=browser, progress=progress) if RUNTIMES[runtime].has_browser else in_numpy(graph)


def in_numpy(graph: Graph) -> Profile:
    """The same of the reference runtime, on made-up inputs; the second time, when memory is there."""
    feeds = complete(graph, {}, 0)
    reference.run(graph, feeds)
    milliseconds = reference.measured(graph, feeds)
    calls = {node: milliseconds[node.outputs[0].name] for node in graph.nodes}
    return Profile(graph, "reference", f"NumPy {np.__version__}", sum(calls.values()), calls)


def in_browser(graph: Graph, *, browser: str | None = None, progress: Watcher | None = None) -> Profile:
    """The same of a browser, which is started for it.

    Args:
        graph: The graph; it is legalized first.
        browser: The executable, by default found by `find_browser`.
        progress: Is told how far it is.

    Raises:
        ConversionError: Calls that Chromium can neither take nor be given otherwise.
        ExecutionError: The browser refuses the graph, or crashes.
        RuntimeUnavailable: There is no browser with WebNN.
    """
    target = load_target(RUNTIMES["browser"].target)
    legal = loaded(legalize(graph, target)) if target.expand else legalize(graph, target)
    costs: dict[Node, float] = {}
    with BrowserSession(browser) as session:
        (whole,) = timed(session, [legal], seconds=WHOLE_SECONDS)
        one_time(whole)
        for first, end in watched("calls", list(pieces(legal)), progress):
            costs |= _costs(session, legal, target, first, end)
        return Profile(legal, "browser", f"Chromium {session.chromium.version}", whole.quickest, costs)


def loaded(graph: Graph) -> Graph:
    """The graph with weights for what a module computes once, when it is loaded; each is computed when it is first read."""
    parts = parts_of(graph)
    ahead = {output: node for node in parts.ahead for output in node.outputs}
    weights = {}
    for operand in dict.fromkeys(operand for node in parts.nodes for operand in node.operands):
        if operand in graph.weights:
            weights[operand] = graph.weights[operand]
        elif operand in ahead:
            weights[operand] = Weight(operand.data_type, partial(_computed, graph, ahead, operand))
    return Graph(graph.name, graph.inputs, Values(weights), tuple(parts.nodes), graph.outputs)


def _computed(graph: Graph, ahead: Mapping[Operand, Node], operand: Operand) -> Array:
    """What is computed ahead, by the nodes that compute it."""

    @cache
    def value(operand: Operand) -> Array:
        return graph.constants[operand] if operand in graph.weights else evaluate(ahead[operand], value)[operand]

    return value(operand)


def pieces(graph: Graph) -> Iterator[tuple[int, int]]:
    """The calls that are measured together, as the number of the first and of the one behind the last."""
    weights = {operand: operand.nbytes for operand in graph.weights}
    first = 0
    while first < len(graph.nodes):
        end, held = first, 0
        while (
            end < len(graph.nodes) and end - first < (2 if graph.nodes[end].op in FOLLOWING else 1) * TOGETHER and held < WEIGHTS_TOGETHER
        ):
            held += sum(weights.get(operand, 0) for operand in graph.nodes[end].operands)
            end += 1
        yield first, end
        first = end


def _follows(node: Node, number: int) -> bool:
    return node.op in FOLLOWING and number < 2 * TOGETHER


def _costs(session: BrowserSession, graph: Graph, target: Target, first: int, end: int) -> dict[Node, float]:
    lead = max(0, first - LEAD)
    nodes = graph.nodes[first:end]
    until = [part(graph, lead, each) for each in range(first, end + 1)]
    alone = [part(graph, each, each + 1) for each in range(first, end)]
    graphs = [legalize(each, target) for each in (part(graph, 0, 0), *until, *alone)]  # a browser may fail at what is right in the whole
    nothing, *times = (
        math.nan if each.error else each.quickest for each in timed(session, graphs, seconds=SECONDS * len(nodes), rounds=ROUNDS)
    )
    totals = rising(times[: len(until)])
    limits = (max(time - nothing, 0.0) for time in times[len(until) :])
    return {
        node: min(after - before, math.inf if math.isnan(limit) else limit)
        for node, before, after, limit in zip(nodes, totals, totals[1:], limits, strict=False)
    }


def part(graph: Graph, first: int, end: int) -> Graph:
    """The calls from ``first`` until ``end``, of which each result that nothing reads there is cut to one number.

    What they read of other calls is an input. Without calls, the inputs of the graph are cut.
    """
    nodes = graph.nodes[first:end]
    read = dict.fromkeys(operand for node in nodes for operand in node.operands)
    made = [operand for node in nodes for operand in node.outputs]
    own = set(made)
    inputs = tuple(operand for operand in read if operand not in graph.weights and operand not in own) if nodes else graph.inputs
    cuts = [_cut(operand, i) for i, operand in enumerate([operand for operand in made if operand not in read] if nodes else inputs)]
    weights = {operand: weight for operand, weight in graph.weights.items() if operand in read}
    # No builder: it would compute what is constant.
    return Graph(graph.name, inputs, Values(weights), (*nodes, *cuts), tuple(cut.output for cut in cuts))


def _cut(operand: Operand, number: int) -> Node:
    """The first number of a result; the rest of it stays where it is."""
    result = Operand(operand.data_type, (1,) * operand.rank, f"{CUT}{number}")
    if operand.rank == 0:
        return Node("reshape", {"input": operand, "newShape": []}, (result,))
    return Node("slice", {"input": operand, "starts": [0] * operand.rank, "sizes": [1] * operand.rank}, (result,))


def rising(times: Sequence[float]) -> list[float]:
    """The nearest times, by squares, of which none is less than the one before it; NaN is as the one before, at first 0."""
    levels: list[tuple[float, int]] = []
    last = 0.0
    for time in times:
        last = last if math.isnan(time) else time
        mean, count = last, 1
        while levels and levels[-1][0] > mean:
            before, width = levels.pop()
            mean, count = (mean * count + before * width) / (count + width), count + width
        levels.append((mean, count))
    return [mean for mean, count in levels for _ in range(count)]

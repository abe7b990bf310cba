"""How long graphs take in a browser, measured in turns in one page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from webnn_graph.errors import ExecutionError
from webnn_graph.formats.constants import external
from webnn_graph.formats.expressions import constant, literal, object_of, statement, string, variable
from webnn_graph.graph import Descriptor, Graph, Operand
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.runtimes.exchange import remove

ALIGNMENT = 8
"""Bytes of the largest element: a weight that begins at a multiple of them can be viewed as what it is."""


@dataclass(frozen=True)
class Times:
    """How long dispatches of a graph took.

    Attributes:
        samples: Milliseconds of one, in each round.
        error: Why the browser does not build it; there are no samples then.
    """

    samples: Sequence[float] = ()
    error: str = ""

    @property
    def median(self) -> float:
        """Milliseconds that half of the dispatches take at most."""
        return median(self.samples)

    @property
    def quickest(self) -> float:
        """Milliseconds of the quickest dispatch: what else the machine does makes them longer only."""
        return min(self.samples)


def timed(session: BrowserSession, graphs: Sequence[Graph], *, seconds: float = 1.0, rounds: int = 100) -> list[Times]:
    """How long each graph takes in the browser: a page builds all of them and dispatches them in turns.

    Inputs are random, or 0 where they are integers, and results stay in the browser.

    Args:
        session: The browser.
        graphs: What it takes as it is.
        seconds: How long the turns last, unless the fewest rounds take longer.
        rounds: How many there are at most.

    Raises:
        ExecutionError: The browser crashes, or takes too long. What it refuses to build is in the result.
    """
    session.count += 1
    url = f"/{session.count}"
    folder = session.exchange.folder / url[1:]
    (folder / "out").mkdir(parents=True)
    try:
        offsets = _write_weights(folder / "weights", graphs)
        (folder / "graphs.js").write_text(_module(graphs, offsets), encoding="utf-8")
        page = session.chromium.open_page()
        argument = json.dumps({"folder": url, "seconds": seconds, "rounds": rounds})
        try:
            session.chromium.call(page, "time", argument, session.timeout + seconds)
        finally:
            session.chromium.close_page(page)
        found = json.loads((folder / "out" / "times").read_text(encoding="utf-8"))
    finally:
        remove(folder)
    return [Times(error=one) if isinstance(one, str) else Times(one) for one in found]


def one_time(times: Times) -> Times:
    """The same. Raises `ExecutionError` when the browser did not build the graph."""
    if times.error:
        raise ExecutionError(f"the browser failed to build the graph: {times.error}")
    return times


def _write_weights(file: Path, graphs: Iterable[Graph]) -> dict[bytes, int]:
    """Writes each weight of the graphs once, and says at which byte it begins, by its digest."""
    offsets: dict[bytes, int] = {}
    with file.open("wb") as stream:
        for graph in graphs:
            for weight in external(graph).values():
                if weight.digest not in offsets:
                    offsets[weight.digest] = stream.tell()
                    stream.writelines(weight.storage())
                    stream.write(bytes(-stream.tell() % ALIGNMENT))
    return offsets


def _module(graphs: Iterable[Graph], offsets: Mapping[bytes, int]) -> str:
    """A module that lists the graphs: the tensors of each, and what it calls."""
    made = ",\n".join(_function(graph, offsets) for graph in graphs)
    return f"export const graphs = [\n{made}\n];\n"


def _function(graph: Graph, offsets: Mapping[bytes, int]) -> str:
    weights = external(graph)
    read = {operand for node in graph.nodes for operand in node.operands}
    lines = [
        *(f"const {variable(o.name)} = builder.input({string(o.name)}, {_descriptor(o)});" for o in graph.inputs),
        *(f"const {variable(o.name)} = weight({_descriptor(o)}, {offsets[weight.digest]});" for o, weight in weights.items()),
        *(f"const {variable(o.name)} = {constant(o, graph.constants[o])};" for o in graph.weights if o not in weights),
        *(statement(node, labels=False) for node in graph.nodes),
        f"return {object_of({operand.name: variable(operand.name) for operand in graph.outputs})};",
    ]
    return object_of(
        {
            "inputs": _tensors(operand for operand in graph.inputs if operand in read),
            "outputs": _tensors(graph.outputs),
            "build": "\n".join(["(builder, weight) => {", *(f"  {line}" for line in lines), "}"]),
        }
    )


def _tensors(operands: Iterable[Operand]) -> str:
    return object_of({operand.name: _descriptor(operand) for operand in operands})


def _descriptor(descriptor: Descriptor) -> str:
    return object_of({"dataType": string(descriptor.data_type), "shape": literal(list(descriptor.shape))})

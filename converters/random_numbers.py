"""What becomes of a source model's random numbers, which WebNN does not have: inputs of the graph, or constants.

Both frontends make an input of each draw, of the standard normal distribution or the uniform one in [0, 1), which the graph
scales; to freeze them is to bind these inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from converters.source import Runnable, Source, interface_names
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph
from webnn_graph.passes import optimize
from webnn_graph.passes.rewrite import replay
from webnn_graph.random_inputs import drawn

Random: TypeAlias = str | int | None
"""``inputs``, the seed that they are frozen with, or None: they are refused."""
INPUTS = "inputs"
REFUSED = "its result is random; WebNN has no random numbers"
HINT = "--random inputs draws the numbers outside of the graph, --random 0 at conversion"
SUFFIX = "_noise"
"""Ends the name of an input that is random, behind what the source model calls the result."""


def check(random: Random) -> Random:
    """The choice. Raises `ConversionError` when it is none."""
    if random in (None, INPUTS) or (isinstance(random, int) and not isinstance(random, bool) and random >= 0):
        return random
    raise ConversionError(f"random is {INPUTS!r} or a seed, a whole number that is not negative; it is {random!r}")


def finished(graph: Graph, random: Random) -> Graph:
    """The graph as is chosen, of one whose random numbers are inputs."""
    return frozen(graph, drawn(graph, {}, random)) if isinstance(random, int) else graph


def frozen(graph: Graph, values: Mapping[str, Array]) -> Graph:
    """The graph with constants in the place of some inputs, by name; what depends on constants only is folded."""
    if not values:
        return graph
    kept = tuple(operand for operand in graph.inputs if operand.name not in values)
    constants = {**graph.constants, **{operand: values[operand.name] for operand in graph.inputs if operand.name in values}}
    made = replay(replace(graph, inputs=kept, constants=constants), {})
    return optimize(replace(made, notes=(*made.notes, f"random numbers became constants: {', '.join(values)}")))


class Chosen:
    """A conversion and its source, with random numbers as is chosen.

    Args:
        random: The choice.
        convert: Makes the graph, of which random numbers are inputs unless they are refused.
        source: Makes the source model, of which they are inputs.
    """

    def __init__(self, random: Random, convert: Callable[[], Graph], source: Callable[[], Source]) -> None:
        self._seed = random if isinstance(random, int) else None
        self._convert = convert
        self._source = source
        self._values: Mapping[str, Array] = {}

    def convert(self) -> Graph:
        """The graph."""
        graph = self._convert()
        self._values = {} if self._seed is None else drawn(graph, {}, self._seed)
        return frozen(graph, self._values)

    def source(self) -> Source:
        """The source model, with the numbers that the graph has as constants."""
        source = self._source()
        names, _ = interface_names(source)
        return Bound(source, {names[name]: values for name, values in self._values.items()}) if self._values else source


class Bound:
    """A source model some of whose inputs have values.

    Args:
        source: The source.
        values: By the source's input names.
    """

    def __init__(self, source: Source, values: Mapping[str, Array]) -> None:
        self._source = source
        self._values = values
        self.inputs = [name for name in source.inputs if name not in values]
        self.outputs, self.tensors, self.examples = source.outputs, source.tensors, source.examples

    @property
    def runner(self) -> str:
        """See `Source`."""
        return self._source.runner

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """See `Source`."""
        return self._source.run({**self._values, **inputs}, wanted)

    def adapt(self, name: str, values: Array) -> Array:
        """See `Source`."""
        return self._source.adapt(name, values)

    def of(self, graph: Graph) -> Source:
        """See `Source`."""
        return Bound(self._source.of(graph), self._values)

    def origin(self) -> Runnable | None:
        """None: the original draws numbers of its own."""
        return None

    def peer(self) -> Runnable | None:
        """See `Source`."""
        peer = self._source.peer()
        return _Bound(peer, self._values) if peer else None

    def twins(self) -> Iterator[Runnable]:
        """See `Source`."""
        return (_Bound(twin, self._values) for twin in self._source.twins())


class _Bound:
    def __init__(self, model: Runnable, values: Mapping[str, Array]) -> None:
        self._model = model
        self._values = values

    @property
    def runner(self) -> str:
        return self._model.runner

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        return self._model.run({**self._values, **inputs}, wanted)

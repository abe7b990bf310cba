"""Verification of steps that were joined to a model's graph: the graph with them, and the model's with the same steps in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from converters.checking.noise import FURTHER, LOUDEST, NUDGES
from converters.checking.verify import Runner, Verification
from converters.joining import Joined
from webnn_graph.builder import GraphBuilder
from webnn_graph.compare import HALF_PRECISION, Difference, Noise, compare, relative_differences
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Graph

NUDGED = "the model's graph on inputs that differ in their last bits"


def verify_steps(graph: Graph, joined: Joined, run: Runner, feeds: Mapping[str, Array], tolerance: float) -> Verification:
    """Runs both and compares every output.

    The steps round in another way than those in Python, so that the model is given numbers that differ in their last bits. An output that
    is further away than the tolerance is right where such numbers do that to the model's own graph, too.

    Args:
        graph: What was written of ``joined``, and what is verified.
        joined: Both graphs.
        run: The runtime that computes both.
        feeds: Values by the names of the graph's inputs.
        tolerance: Largest relative difference; what computes in float16 on the way has at least `HALF_PRECISION`.
    """
    is_half = any(output.data_type is DataType.FLOAT16 for node in graph.nodes for output in node.outputs)
    tolerance = max(tolerance, HALF_PRECISION) if is_half else tolerance
    actual, given = run(graph, feeds), _given(joined, run, feeds)

    def expected(given: Mapping[str, Array]) -> dict[str, Array]:
        return joined.expected(run(joined.before, given), given, actual)

    right = expected(given)
    differences = [compare(name, array, right[name], tolerance) for name, array in actual.items()]
    if not all(difference.ok for difference in differences):
        spacing = float(np.finfo(np.float16 if is_half else np.float32).eps)
        samples = [expected(moved) for moved in _moved(given, spacing)]
        differences = [_explained(d, actual[d.name], right[d.name], [sample[d.name] for sample in samples]) for d in differences]
    return Verification(differences, None)


def _given(joined: Joined, run: Runner, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Values for the model's inputs; where the graph rounds what is half of a step to the other side, what it makes of that is right."""
    given = joined.prepared(feeds)
    for name, step in joined.beginnings.items():
        if step.step is not None:
            b = GraphBuilder(name)
            pixels = b.input("x", step.operand.data_type, step.operand.shape)
            (made,) = run(b.build({"y": step.build(b, pixels)}), {"x": feeds[name]}).values()
            is_next = np.isclose(np.abs(made.astype(np.float64) - given[name]), step.step, rtol=0.01, atol=0)
            given[name] = np.where(is_next, made, given[name])
    return given


def _moved(feeds: Mapping[str, Array], spacing: float) -> Iterator[dict[str, Array]]:
    """The inputs some times, numbers moved by about the last bit of the largest: a step that subtracts leaves such errors in small ones."""
    random = np.random.default_rng(0)
    for _ in range(NUDGES):
        yield {
            name: (a + spacing * np.abs(a).max() * random.integers(-1, 1, a.shape, endpoint=True)).astype(a.dtype)
            if a.dtype.kind == "f"
            else a
            for name, a in feeds.items()
        }


def _explained(difference: Difference, actual: Array, right: Array, samples: list[Array]) -> Difference:
    """A difference, and whether it is one that the last bits of the model's inputs make; integers are right or not."""
    if difference.ok or difference.reason or actual.dtype.kind != "f":
        return difference
    spread = np.max([relative_differences(sample, right) for sample in samples], axis=0)
    is_noise = (relative_differences(actual, right) <= np.maximum(FURTHER * spread, difference.tolerance)).all()
    largest = float(spread.max(initial=0.0))
    return replace(difference, noise=Noise(largest, NUDGED)) if is_noise and largest <= LOUDEST else difference

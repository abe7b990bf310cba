"""What computes a graph: ``reference`` in NumPy, ``rustnn`` through pywebnn, ``browser`` in a real Chromium."""

from __future__ import annotations

from collections.abc import Mapping

from webnn_graph.data_types import Array
from webnn_graph.graph import Graph

RUNTIMES = ("reference", "rustnn", "browser")
"""Names of the runtimes, in the order in which to try them."""


def run(graph: Graph, inputs: Mapping[str, Array], *, runtime: str = "reference", browser: str | None = None) -> dict[str, Array]:
    """The graph's outputs by name.

    Args:
        graph: What to compute.
        inputs: One array per graph input, by name, of its data type and shape.
        runtime: One of `RUNTIMES`.
        browser: The browser's executable, for that runtime; by default it is searched for.

    Raises:
        ExecutionError: The inputs do not fit the graph, or the runtime failed.
        RuntimeUnavailable: The runtime is not installed or did not start.
    """
    # Each is imported when it is used: what it needs is not always installed.
    if runtime == "browser":
        from webnn_graph.runtimes import browser as chromium

        return chromium.run(graph, inputs, browser=browser)
    if runtime == "rustnn":
        from webnn_graph.runtimes import rustnn

        return rustnn.run(graph, inputs)
    from webnn_graph.runtimes import reference

    return reference.run(graph, inputs)

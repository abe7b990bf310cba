"""A graph in a notebook: a function of arrays, and a page of what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup, escape

from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, RuntimeUnavailable
from webnn_graph.graph import Graph
from webnn_graph.runtimes.reference import run
from webnn_graph.summary import described, headline
from webnn_graph.view.page import inline
from webnn_graph.wording import one_line, size

ROWS = 20
"""Operands of one side of an interface that are shown."""
LONGEST = 60
"""Characters of a name."""
MOST_DRAWN = 2000
"""Operators of a graph whose picture a notebook is given: its page is a part of the notebook's file."""


def call(graph: Graph, inputs: Any = None, /, **named: Any) -> dict[str, Array]:
    """The graph's outputs by name, computed by the reference runtime; see `Graph.__call__`."""
    given = _by_name(graph, inputs)
    twice = given.keys() & named.keys()
    if twice:
        raise ExecutionError(f"the input {min(twice)} is given twice")
    return run(graph, {**given, **named})


def _by_name(graph: Graph, inputs: Any) -> dict[str, Any]:
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        return {str(name): value for name, value in inputs.items()}
    if len(graph.inputs) == 1:
        return {graph.inputs[0].name: inputs}
    shown = ", ".join(f"{operand.name}=..." for operand in graph.inputs[:3])
    raise ExecutionError(
        f"a value without a name is for graphs with one input; this one takes {described(graph.inputs) or 'none'}",
        f"give values by name: graph({shown}{', ...' if len(graph.inputs) > 3 else ''})" if graph.inputs else "graph() computes it",
    )


def html(graph: Graph) -> str:
    """A table of the interface, the operators, and a picture of the graph, as HTML; see `Graph._repr_html_`."""
    sides = {"input": graph.inputs, "output": graph.outputs}
    page: str = _template().render(
        headline=headline(graph),
        rows=[
            (kind, one_line(operand.name, LONGEST), str(operand.descriptor), size(operand.nbytes))
            for kind, side in sides.items()
            for operand in side[:ROWS]
        ],
        more=[f"{len(side) - ROWS:,} more {kind}s" for kind, side in sides.items() if len(side) > ROWS],
        operators=Counter(node.op for node in graph.nodes).most_common(),
        picture=_picture(graph),
    )
    return page


def _picture(graph: Graph) -> Markup:
    """The picture, or why there is none."""
    if len(graph.nodes) > MOST_DRAWN:
        return escape(f"graph.show() makes a picture; notebooks are not given any of more than {MOST_DRAWN:,} operators")
    try:
        return Markup(inline(graph))  # noqa: S704 - a page of its own, whose source is escaped
    except RuntimeUnavailable as error:
        return escape(str(error))


def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("templates", "notebook")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("graph.html.j2")

"""The Python module that builds a graph with pywebnn's ``MLGraphBuilder`` and computes with it."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import jinja2

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.formats.functions import statements
from webnn_graph.formats.language import Language
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph, Node, Operand, map_arguments
from webnn_graph.names import IDENTIFIER
from webnn_graph.ops import OPS, Parameter
from webnn_graph.own import TEMPLATES
from webnn_graph.targets.pywebnn import LACKING_OPTIONS
from webnn_graph.targets.target import PYWEBNN, load_target
from webnn_graph.targets.violations import of_graph

RESERVED = frozenset({*keyword.kwlist, "__debug__", "_", "builder", "context", "np", "weight", "weights"})
"""Words that cannot name a variable in the generated ``build``: Python's, and what its body reads."""
METHODS = {"where": "where_"}
"""Methods whose names are not the standard's in small letters."""
PARAMETERS = {"padding": "pads"}
"""Parameters of which that is true."""
ALWAYS = {
    "argMax": ("outputDataType",),
    "argMin": ("outputDataType",),
    "scatterElements": ("axis",),
    "triangular": ("upper", "diagonal"),
}
"""Options that are written even if they are as the standard has them by default: it is another one there, or there is none."""


def files(graph: Graph, stem: str, *, labels: bool = False, weights: Sequence[str] = (), digest: str = "") -> dict[str, str]:
    """The text of the module.

    Args:
        graph: What ``build`` makes.
        stem: The file's name without its suffix.
        labels: Whether every call has its node's label in a comment.
        weights: The files that the module reads from its own folder; by default ``<stem>.safetensors``.
        digest: That of the weights, which the module compares with their files'; it accepts any weights without.

    Returns:
        File name to text.

    Raises:
        ConversionError: pywebnn cannot express calls; all of them are named.
        ValidationError: An operand's name is not an identifier.
    """
    for name in graph.operands:
        if not IDENTIFIER.match(name):
            raise ValidationError(f"operand name {name!r} is not an identifier")
    refused = list(dict.fromkeys(_refused(graph)))
    if refused:
        raise ConversionError(
            "\n  ".join([f"pywebnn cannot express {len(refused)} part{'s' if len(refused) > 1 else ''} of the graph:", *refused]),
            f"--target {PYWEBNN} writes equal calls in their place where there are some",
            code=Code.BEYOND_TARGET,
        )
    shown = _view(graph, labels, weights or [f"{stem}{WEIGHTS}"]) | {"digest": string(digest)}
    return {f"{stem}.py": _template().render(shown)}


def _refused(graph: Graph) -> Iterator[str]:
    for kind, x, violation in of_graph(load_target(PYWEBNN), graph):
        name = x.name if isinstance(x, Operand) else x.outputs[0].name
        yield violation.of(f"{kind} {name}: {violation.operand}") if violation.operand else f"{kind} {name}: there is no such method"
    for node in graph.nodes:
        given = (name for name in LACKING_OPTIONS.get(node.op, ()) if node.arguments.get(name) is not None)
        yield from (f"{node.op} {node.outputs[0].name}: the method has no option {name}" for name in given)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES / "python")
    # What is generated is no HTML; every value is a literal by the time a template sees it.
    environment = jinja2.Environment(  # noqa: S701
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template("module.py.j2")


def _view(graph: Graph, labels: bool, weight_files: Sequence[str]) -> dict[str, Any]:
    """What the template shows: every value that comes from the model is already a Python literal or identifier."""
    weights = stored(graph)
    constants, node_lines = statements(graph, graph.nodes, weights, labels, PYTHON)
    order = {operand: place for place, operand in enumerate(graph.operands.values())}
    outputs = sorted(graph.outputs, key=order.__getitem__)
    return {
        "title": string(graph.name),
        "node_count": len(graph.nodes),
        "weight_bytes": sum(operand.nbytes for operand in weights),
        "weights_file": string(", ".join(weight_files)),
        "weight_files": literal(list(weight_files)),
        "example_inputs": ", ".join(_passed(operand.name) for operand in graph.inputs),
        "inputs": [_tensor(operand) for operand in graph.inputs],
        "random": [(string(operand.name), string(operand.distribution)) for operand in graph.inputs if operand.distribution],
        "outputs": [_tensor(operand) for operand in graph.outputs],
        "weights": [_tensor(operand) for operand in weights],
        "input_lines": [
            f"{variable(operand.name)} = builder.input({string(operand.name)}, {literal(list(operand.shape))}, {string(operand.data_type)})"
            for operand in graph.inputs
        ],
        "constant_lines": constants,
        "node_lines": node_lines,
        "results": f"{{{', '.join(f'{string(operand.name)}: {variable(operand.name)}' for operand in outputs)}}}",
    }


def _tensor(operand: Operand) -> tuple[str, str, str]:
    """Literals of name, data type and shape."""
    shape = ", ".join(map(str, operand.shape))
    return string(operand.name), string(operand.data_type), f"({shape},)" if operand.rank == 1 else f"({shape})"


def _passed(name: str) -> str:
    """An input as an argument of ``compute``."""
    return f"**{{{string(name)}: {variable(name)}}}" if keyword.iskeyword(name) else f"{name}={variable(name)}"


# ------------------------------------------------------------------------------------------------------------- expressions
def variable(name: str) -> str:
    """The Python variable of an operand; those of reserved words have an ending, and those of names with that ending one more."""
    return f"{name}_v" if re.sub("(_v)+$", "", name) in RESERVED else name


def string(text: str) -> str:
    """A Python string literal that can stand anywhere, in a comment, too."""
    escaped = ascii(str(text))
    return escaped if '"' in escaped else f'"{escaped[1:-1]}"'


def literal(value: Any) -> str:
    """Plain data as a Python expression."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, str):
        return string(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    return repr(value)


def call(node: Node, operands: Sequence[str], label: str = "") -> str:
    """The call of a node's method of pywebnn's ``MLGraphBuilder``: arguments by position, options that differ from their default.

    The label is a comment, behind whatever the call stands in.
    """
    op = OPS[node.op]
    expressions = iter(operands)
    written = {name: op.defaults[name] for name in ALWAYS.get(node.op, ())} | dict(
        map_arguments(node.arguments, lambda _: next(expressions))
    )
    if node.op == "pad":
        written["beginningPadding"] += written.pop("endingPadding")
    arguments = []
    for name, parameter in op.parameters.items():
        if name in written:
            keyword = f"{PARAMETERS.get(name, snake_case(name))}=" if parameter.is_option else ""
            arguments.append(f"{keyword}{_argument(parameter, written[name])}")
    comment = f"  # {label}" if label else ""
    return f"builder.{method(node.op)}({', '.join(arguments)}){comment}"


def _argument(parameter: Parameter, value: Any) -> str:
    """An argument's expression, operands being expressions already."""
    if parameter.kind == "operand":
        return str(value)
    return f"[{', '.join(value)}]" if parameter.kind == "operands" else literal(value)


def method(op: str) -> str:
    """The name of an operator's method."""
    return METHODS.get(op, snake_case(op))


def snake_case(name: str) -> str:
    """``averagePool2d`` as ``average_pool2d``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def constant(operand: Operand, array: Array) -> str:
    """The call that makes a constant with its values written out, the same but for the payload of a NaN."""
    data_type = f"np.{operand.data_type.numpy}"
    values = [_shortest(value) for value in array.ravel()]
    if operand.shape == ():
        return f"builder.constant({data_type}({literal(values[0])}))"
    return f"builder.constant(np.array({literal(values)}, {data_type}))"


def _shortest(value: Any) -> Any:
    """An element as the Python number whose literal is the shortest that rounds to it."""
    item = value.item()
    return float(str(value)) if isinstance(item, float) else item


# -------------------------------------------------------------------------------------------------------------- statements
def _assigned(names: Sequence[str], expression: str, is_list: bool) -> str:
    if not any(names):
        return expression
    if not is_list:
        return f"{names[0]} = {expression}"
    several = [name or "_" for name in names]
    return f"{', '.join(several)} = {expression}" if len(several) > 1 else f"({several[0]},) = {expression}"


def _function(name: str, parameters: Sequence[str], lines: Sequence[str]) -> list[str]:
    return [f"def {name}({', '.join(parameters)}):", *(f"    {line}" for line in lines)]


def _returned(expressions: Sequence[str]) -> str:
    return f"return {', '.join(expressions)}"


PYTHON = Language(RESERVED, variable, string, constant, call, _assigned, _function, _returned)

"""What ``.webnn`` text and ``webnn-graph-json`` have in common: the file's content before names and types are resolved.

Reading is file -> `Document` -> `Graph` (`webnn_graph.formats.assemble`); writing is `Graph` -> `Document` -> file, so that
both forms say the same by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from webnn_graph.data_types import DataType
from webnn_graph.errors import Where
from webnn_graph.formats.constants import Initializer, Stored, initializer
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.ops import OPS

Place: TypeAlias = Callable[[], Where]
"""Where something stands in a file, which is only looked up when it is asked for."""

BIAS_BY_POSITION = {"conv2d": ["bias"], "convTranspose2d": ["bias"], "gruCell": ["bias", "recurrentBias"]}
"""Operand options that stand after the arguments, all of them or none: rustnn finds them only there."""

ALWAYS_WRITTEN = {"axis", "resetAfter", "outputDataType"}
"""Options that are written even when they have their default, because rustnn's default is another."""


class Name(str):
    """An identifier in the place of a value: the name of an operand, or a string that was not quoted."""


@dataclass(frozen=True)
class Dimension:
    """``dyn("n", 8)``: a size of at most ``largest`` that is given when the graph is read."""

    name: str
    largest: int
    where: Place = Where


Size: TypeAlias = int | Dimension


def dimension_of(value: Any, where: Place = Where) -> Dimension | None:
    """The dimension that an object ``{name: "n", maxSize: 8}`` is; None when it is none. rustnn reads ``max_size``, too."""
    if not isinstance(value, Mapping) or set(value) not in ({"name", "maxSize"}, {"name", "max_size"}):
        return None
    name, largest = value["name"], value.get("maxSize", value.get("max_size"))
    if not isinstance(name, str) or isinstance(largest, bool) or not isinstance(largest, int):
        return None
    return Dimension(str(name), largest, where)


@dataclass(frozen=True)
class Declaration:
    """An input, which may be random and have a ``distribution``, or, with an ``initializer``, a constant."""

    name: str
    data_type: DataType
    shape: tuple[Size, ...]
    initializer: Initializer | None = None
    where: Place = Where
    distribution: str = ""


@dataclass(frozen=True)
class Statement:
    """One statement: ``[outputs] = op(positional, option=value)``, or, without an ``op``, ``output = positional``."""

    op: str
    outputs: Sequence[str]
    positional: Sequence[Any]
    options: Mapping[str, Any]
    where: Place = Where

    @property
    def is_alias(self) -> bool:
        """Whether it only gives an operand another name."""
        return not self.op


@dataclass(frozen=True)
class Output:
    """A result of the graph: the operand ``of``, called ``name``."""

    name: str
    of: str
    where: Place = Where


@dataclass
class Document:
    """A graph as a file says it: every reference by name, nothing checked.

    ``weights_digest`` is what `webnn_graph.formats.digests` makes of the weights that it reads; empty when nothing is known.
    ``metadata`` are those of `webnn_graph.metadata` as they stand in a file.
    """

    name: str = "graph"
    inputs: list[Declaration] = field(default_factory=list)
    constants: list[Declaration] = field(default_factory=list)
    calls: list[Statement] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    where: Place = Where
    weights_digest: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> list[str]:
        """The names, in the weights file, of the weights that it reads."""
        read = ((constant.initializer or Stored(constant.name)) for constant in self.constants)
        return list(dict.fromkeys(initializer.key for initializer in read if isinstance(initializer, Stored)))


def document_of(graph: Graph, *, labels: bool = True, weights_digest: str = "") -> Document:
    """The canonical document of a graph.

    Args:
        graph: With operand names that are unique identifiers.
        labels: Whether nodes keep their labels.
        weights_digest: That of its weights, if its file is to hold it.
    """
    return Document(
        name=graph.name,
        inputs=[Declaration(o.name, o.data_type, o.shape, distribution=o.distribution or "") for o in graph.inputs],
        constants=[
            Declaration(operand.name, operand.data_type, operand.shape, initializer(operand, array))
            for operand, array in graph.constants.items()
        ],
        calls=[_call(node, labels) for node in graph.nodes],
        outputs=[Output(operand.name, operand.name) for operand in graph.outputs],
        weights_digest=weights_digest,
        metadata=dict(graph.metadata),
    )


def _call(node: Node, labels: bool) -> Statement:
    operator = OPS[node.op]
    biases = BIAS_BY_POSITION.get(node.op, [])
    biases = biases if all(bias in node.arguments for bias in biases) else []
    positional: list[Name] = []
    options: dict[str, Any] = {}
    for name, parameter in operator.parameters.items():
        if parameter.is_operand and (not parameter.is_option or name in biases):
            value = node.arguments[name]
            positional += [Name(operand.name) for operand in (value if isinstance(value, list) else [value])]
        elif name in node.arguments or (name in ALWAYS_WRITTEN and parameter.default is not None):
            options[name] = _plain(node.arguments.get(name, parameter.default))
    if labels and node.label:
        options["label"] = node.label
    return Statement(node.op, [output.name for output in node.outputs], positional, options)


def _plain(value: Any) -> Any:
    """An argument as files hold it: operands by name, what JSON has no number for as a string."""
    if isinstance(value, Operand):
        return Name(value.name)
    if isinstance(value, DataType):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return SPECIAL.get(repr(value), value)
    return value


SPECIAL = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
"""Numbers that JSON has no literal for, by Python's spelling of them."""

"""Writes the typed methods of `GraphBuilder` from the operator table: ``python -m tests.ops.methods``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import indent

from webnn_graph.builder import methods
from webnn_graph.data_types import DataType
from webnn_graph.ops import OPS, Op, Parameter
from webnn_graph.ops.domains import ANY, Domain

FILE = Path(methods.__file__)
STANDARD = "https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-"
HEAD = f'''"""The methods of ``MLGraphBuilder``, typed: written by ``python -m tests.ops.methods`` from the operator table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from webnn_graph.builder.method import Methods, method
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand

OperandLike: TypeAlias = Operand | Array | float | np.number[Any]
"""What may stand where an operand is expected; a number or an array becomes a constant."""
TypeName: TypeAlias = DataType | Literal[{", ".join(f'"{data_type}"' for data_type in DataType)}]


class OperatorMethods(Methods):
    """A method for each operator, with the arguments and options of the standard.

    Every method takes a ``label``: the source model's name for what the call computes.
    """
'''
TYPES = {"operand": "OperandLike", "int": "int", "float": "float", "number": "float", "bool": "bool", "data type": "TypeName"}


def text() -> str:
    """The file's content."""
    made = HEAD + "".join(f"\n{indent(_method(op), '    ')}" for op in OPS.values())
    formatter = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(FILE), "-"]
    return subprocess.run(formatter, input=made, capture_output=True, text=True, check=True).stdout


def _method(op: Op) -> str:
    arguments = [_declared(parameter) for parameter in op.parameters.values() if not parameter.is_option]
    options = [_declared(parameter) for parameter in op.parameters.values() if parameter.is_option]
    returned = "list[Operand]" if op.returns_list else "Operand"
    signature = ", ".join(["self", *arguments, "*", *options, 'label: str = ""'])
    takes = "".join(f"\n    {name}: {_in_words(parameter)}" for name, parameter in op.parameters.items())
    doc = f'"""{op.doc.rstrip()}\n\nArgs:{takes}\n\n<{STANDARD}{op.name.lower()}>\n"""'
    return f"@method\ndef {op.name}({signature}) -> {returned}:\n{indent(doc, '    ')}\n    raise NotImplementedError\n"


def _in_words(parameter: Parameter) -> str:
    """What a parameter takes, for the docstring: of an operand the types and ranks, of others the kind."""
    words = parameter.in_words()
    if parameter.is_operand:
        words = f"{words[:-1] if words == 'an operands' else words} of {_domain(parameter.domain)}"
    default = "" if parameter.required else "; absent by default" if parameter.default is None else f"; {parameter.default} by default"
    return f"{words[0].upper()}{words[1:]}{default}."


def _domain(domain: Domain) -> str:
    smallest, largest = domain.ranks
    ranks = f"{smallest}" if smallest == largest else f"{smallest} to {largest}" if largest else f"{smallest} or more" if smallest else ""
    allowed = [*domain.types, *domain.packed]
    if domain.like:
        types = f"the data type of {domain.like}"
    elif domain.types == ANY.types:
        types = "any data type" + (" or ".join(["", *domain.packed]) if domain.packed else "")
    else:
        types = " or ".join(filter(None, [", ".join(allowed[:-1]), *allowed[-1:]])) or "any data type"
    return f"{types}, rank {ranks}" if ranks else types


def _declared(parameter: Parameter) -> str:
    data_type = f"{_type(parameter)} | None" if parameter.optional else _type(parameter)
    if parameter.required:
        return f"{parameter.name}: {data_type}"
    default = tuple(parameter.default) if isinstance(parameter.default, list) else parameter.default
    return f"{parameter.name}: {data_type} = {default!r}"


def _type(parameter: Parameter) -> str:
    one = f"Literal[{', '.join(map(repr, parameter.choices))}]" if parameter.choices else ""
    kinds = [
        one or TYPES[kind] if kind in (*TYPES, "string") else f"Sequence[{one or TYPES[kind[:-1]]}]"
        for kind in parameter.kind.split(" or ")
    ]
    return " | ".join(kinds)


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")

"""Parameters: what the arguments and option members of an operator take, read off a declaration's annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.domains import LIKE_FIRST, Domain

uint: TypeAlias = Annotated[int, "unsigned long"]
number: TypeAlias = Annotated[float, "MLNumber"]
"""A float, or an exact integer for integer operands."""


@dataclass(frozen=True)
class Parameter:
    """One argument or option member of an operator.

    Attributes:
        kind: operand, operands, int, float, number, bool, string (one of ``choices``), data type; ints, floats and strings
            for lists of them.
        unsigned: Whether ints are ``unsigned long``.
        domain: For operands: what is allowed.
    """

    name: str
    kind: str
    is_option: bool
    default: Any
    optional: bool
    unsigned: bool = False
    choices: tuple[str, ...] = ()
    domain: Domain = LIKE_FIRST

    @cached_property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @cached_property
    def is_operand(self) -> bool:
        return self.kind in ("operand", "operands")

    def convert(self, value: Any) -> Any:
        """``value`` as the canonical Python value of this parameter.

        Raises:
            ValidationError: It is of another kind, out of range or not one of the choices.
        """
        try:
            return _CONVERT[self.kind](self, value)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError(f"{self.name} must be {self.in_words()}, not {value!r}") from None

    def in_words(self) -> str:
        """What a value of this parameter is, in words."""
        one = {"operand": "an operand", "bool": "true or false", "data type": "a data type"}
        words = {"int": "integer", "float": "number", "number": "number", "string": "string"}
        sign = "non-negative " if self.unsigned else ""
        if self.choices:
            choices = " or ".join(repr(choice) for choice in self.choices)
            return f"a list of {choices}" if self.kind.endswith("s") else choices
        if self.kind in one:
            return one[self.kind]
        article = "a" if self.unsigned or not self.kind.startswith("int") else "an"
        if self.kind == "int or ints":
            return f"{article} {sign}integer or a list of them"
        if self.kind.endswith("s"):
            return f"a list of {sign}{words.get(self.kind[:-1], 'operand')}s"
        return f"{article} {sign}{words[self.kind]}"


def _int(parameter: Parameter, value: Any) -> int:
    if isinstance(value, bool | np.bool_) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    if not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError
    result = int(value)
    if not (0 if parameter.unsigned else -(2**31)) <= result < 2**32:
        raise ValueError
    return result


def _float(_: Parameter, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError
    return float(value)


def _number(_: Parameter, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError
    as_float = float(value)  # what no float comes near is no number of any data type
    return int(value) if isinstance(value, int | np.integer) else as_float


def _bool(_: Parameter, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError
    return bool(value)


def _string(parameter: Parameter, value: Any) -> str:
    if value not in parameter.choices:
        raise ValueError
    return str(value)


def _operand(_: Parameter, value: Any) -> Any:
    if not isinstance(value, Descriptor):
        raise TypeError
    return value


def _list_of(convert: Callable[[Parameter, Any], Any]) -> Callable[[Parameter, Any], Any]:
    def convert_list(parameter: Parameter, value: Any) -> list[Any]:
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            raise TypeError
        return [convert(parameter, item) for item in value]

    return convert_list


_CONVERT: dict[str, Callable[[Parameter, Any], Any]] = {
    "operand": _operand,
    "operands": _list_of(_operand),
    "int": _int,
    "ints": _list_of(_int),
    "int or ints": lambda p, v: _int(p, v) if isinstance(v, int | np.integer) else _list_of(_int)(p, v),
    "float": _float,
    "floats": _list_of(_float),
    "number": _number,
    "bool": _bool,
    "string": _string,
    "strings": _list_of(_string),
    "data type": lambda _, value: DataType(value),
}


def read_parameter(declared: inspect.Parameter, hint: Any, domain: Domain) -> Parameter:
    members = list(get_args(hint)) if get_origin(hint) in (Union, UnionType) else [hint]
    optional = NoneType in members
    members = [member for member in members if member is not NoneType]
    kinds = [_kind(member) for member in members]
    return Parameter(
        name=declared.name,
        kind=" or ".join(kind for kind, _, _ in kinds),
        is_option=declared.kind is inspect.Parameter.KEYWORD_ONLY,
        default=declared.default,
        optional=optional,
        unsigned=kinds[0][1],
        choices=kinds[0][2],
        domain=domain,
    )


def _kind(hint: Any) -> tuple[str, bool, tuple[str, ...]]:
    """The kind that a type stands for, whether it is unsigned, and the choices it leaves."""
    if get_origin(hint) is list:
        kind, unsigned, choices = _kind(get_args(hint)[0])
        return kind + "s", unsigned, choices
    if get_origin(hint) is Literal:
        return "string", False, get_args(hint)
    if hint == number:
        return "number", False, ()
    if hint == uint:
        return "int", True, ()
    return {Operand: "operand", DataType: "data type", int: "int", float: "float", bool: "bool"}[hint], False, ()

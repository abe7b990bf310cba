"""How an operator is declared: a Python function whose signature is the ``MLGraphBuilder`` method's.

Positional-only parameters are the method's arguments, keyword-only parameters the members of its options dictionary with
the standard's defaults. The body is the type rule: it checks what the operand domains cannot express and returns the
result's descriptor (a list for operators that return a sequence). ``run=`` is the meaning on NumPy arrays.

    @op(run=np.tanh, input=FLOAT)
    def tanh(input: Operand, /) -> Descriptor:
        return input.descriptor
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor, Operand

uint: TypeAlias = Annotated[int, "unsigned long"]
number: TypeAlias = Annotated[float, "MLNumber"]
"""A float, or an exact integer for integer operands."""

MAX_RANK = 8
"""No implementation takes more; the standard sets no limit."""
MAX_DIMENSION = 2**31 - 1


# ---------------------------------------------------------------------------------------------------------------- domains
@dataclass(frozen=True)
class Domain:
    """What the standard's tensor-limits table allows for one operand.

    Attributes:
        types: Allowed data types; empty when they follow from ``like``.
        like: The operand whose data type this one must have; empty when ``types`` says it all.
        ranks: Smallest and largest rank; a largest of None is no limit.
        packed: 4-bit types that are allowed besides (an extension that Chromium implements).
    """

    types: tuple[DataType, ...] = ()
    like: str = ""
    ranks: tuple[int, int | None] = (0, None)
    packed: tuple[DataType, ...] = ()

    def rank(self, smallest: int, largest: int | None = None) -> Domain:
        """The same types, of exactly this rank; or of a rank in the given range (``rank(1, ANY_RANK)``)."""
        return replace(self, ranks=(smallest, smallest if largest is None else None if largest == ANY_RANK else largest))

    @property
    def four_bit(self) -> Domain:
        """The same, and int4 and uint4."""
        return replace(self, packed=(DataType.INT4, DataType.UINT4))

    def check(self, where: str, operand: Descriptor, others: Mapping[str, Any]) -> None:
        """Raises `ValidationError` unless ``operand``, the argument ``where``, lies in this domain."""
        like = _first(others.get(self.like)) if self.like else None
        if like is not None and operand.data_type != like.data_type:
            raise ValidationError(f"{where} is {operand.data_type}, {self.like} is {like.data_type}; they must be the same")
        allowed = self.types + self.packed
        if self.types and operand.data_type not in allowed:
            raise ValidationError(f"{where} is {operand.data_type}, allowed are {', '.join(allowed)}")
        smallest, largest = self.ranks
        if operand.rank < smallest or (largest is not None and operand.rank > largest):
            wanted = f"{smallest}" if smallest == largest else f"at least {smallest}" if largest is None else f"{smallest} to {largest}"
            raise ValidationError(f"{where} has rank {operand.rank} (shape {list(operand.shape)}), expected rank {wanted}")


ANY_RANK = -1


def _types(names: str) -> tuple[DataType, ...]:
    return tuple(DataType(name) for name in names.split())


ANY = Domain(_types("float32 float16 int32 uint32 int64 uint64 int8 uint8"))
FLOAT = Domain(_types("float32 float16"))
SIGNED = Domain(_types("float32 float16 int64 int32 int8"))
WIDE = Domain(_types("float32 float16 int32 uint32 int64 uint64"))
INDEX = Domain(_types("int32 uint32 int64"))
BOOLEAN = Domain(_types("uint8"))


def same(operand: str) -> Domain:
    """The data type of another operand, any rank."""
    return Domain(like=operand)


def require(condition: bool, message: str, hint: str = "") -> None:
    """Raises `ValidationError` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ValidationError(message, hint)


# ------------------------------------------------------------------------------------------------------------- parameters
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
    domain: Domain = Domain()

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
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
            raise ValidationError(f"{self.name} must be {self.describe()}, not {value!r}") from None

    def describe(self) -> str:
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
    return int(value) if isinstance(value, int | np.integer) else float(value)


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
        if isinstance(value, str) or not isinstance(value, Iterable):
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


def _parameter(declared: inspect.Parameter, hint: Any, domain: Domain) -> Parameter:
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


# --------------------------------------------------------------------------------------------------------------- operators
Result: TypeAlias = Descriptor | list[Descriptor]
Run: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Op:
    """One operator of the standard.

    Attributes:
        name: The ``MLGraphBuilder`` method.
        category: The file that declares it: what kind of operator it is.
        parameters: Arguments, then option members (without ``label``, which every operator has), in order.
        rule: The declared function.
        run: Its meaning on NumPy arrays: arrays in the place of operands, every other argument as in the rule.
    """

    name: str
    category: str
    parameters: Mapping[str, Parameter]
    rule: Callable[..., Result]
    run: Run

    def bind(self, args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """The call's arguments by name in signature order, converted, members with their default value left out.

        Raises:
            ValidationError: Too many, missing, unknown or unconvertible arguments.
        """
        positional = [p for p in self.parameters.values() if not p.is_option]
        require(len(args) <= len(positional), f"{self.name} takes {len(positional)} arguments, {len(args)} were given")
        given = dict(zip((p.name for p in positional), args, strict=False))
        for name, value in options.items():
            require(name in self.parameters, f"{self.name} has no option {name!r}", f"it has {', '.join(self.parameters)}")
            require(name not in given, f"{self.name} was given {name} twice")
            given[name] = value
        bound: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            value = given.get(name, parameter.default)
            require(name in given or not parameter.required, f"{self.name} needs the argument {name}")
            if value is None and parameter.optional:
                continue
            if name in given:
                try:
                    value = parameter.convert(value)
                except ValidationError as error:
                    raise ValidationError(f"{self.name}: {error.message}", error.hint) from None
                if parameter.required or parameter.is_operand or value != parameter.default:
                    bound[name] = value
        return bound

    def infer(self, arguments: Mapping[str, Any], *, allow_empty: bool = False) -> tuple[Descriptor, ...]:
        """The descriptors of the results of a call with these bound arguments.

        Args:
            arguments: What `bind` returned.
            allow_empty: Whether a result may have a dimension of 0, which no WebNN graph may contain but constant
                arithmetic on shapes meets.

        Raises:
            ValidationError: An operand is outside its domain, or the type rule is broken.
        """
        try:
            for name, value in arguments.items():
                self._check_operands(name, value, arguments)
            result = self._apply(self.rule, arguments)
            results = tuple(result) if isinstance(result, list) else (result,)
            for descriptor in results:
                _check_dimensions(descriptor, 0 if allow_empty else 1)
        except ValidationError as error:
            described = ", ".join(f"{name} {describe(value)}" for name, value in arguments.items() if _first(value))
            raise ValidationError(f"{self.name}: {error.message} ({described})", error.hint) from None
        return results

    def execute(self, arguments: Mapping[str, Any], results: Sequence[Descriptor]) -> list[Array]:
        """The results of a call, with arrays in the place of operands.

        float16 is computed in float32 and rounded once at the end, so that no operator has to think of it.

        Args:
            arguments: Bound arguments.
            results: What `infer` says of this call; the arrays have exactly these types and shapes.
        """
        with np.errstate(all="ignore"):
            computed = self._apply(self.run, _widened(arguments), **({"result": results[0]} if self.needs_result else {}))
            arrays = list(computed) if isinstance(computed, list | tuple) else [computed]
            typed = [np.asarray(a).astype(r.data_type.numpy, copy=False) for a, r in zip(arrays, results, strict=True)]
        for array, result in zip(typed, results, strict=True):
            assert array.shape == result.shape, f"{self.name}: computed {array.shape}, inferred {result.shape}"
        return typed

    @cached_property
    def returns_list(self) -> bool:
        """Whether the method returns ``sequence<MLOperand>``."""
        return "list" in str(inspect.signature(self.rule).return_annotation)

    @cached_property
    def needs_result(self) -> bool:
        """Whether ``run`` also takes ``result``, the descriptor: what its arrays cannot tell, as int4 from int8."""
        return not isinstance(self.run, np.ufunc) and "result" in inspect.signature(self.run).parameters

    def _apply(self, function: Callable[..., Any], arguments: Mapping[str, Any], **more: Any) -> Any:
        args = [arguments[p.name] for p in self.parameters.values() if not p.is_option]
        options = {p.name: arguments.get(p.name, p.default) for p in self.parameters.values() if p.is_option}
        return function(*args, **options, **more)

    def _check_operands(self, name: str, value: Any, arguments: Mapping[str, Any]) -> None:
        parameter = self.parameters[name]
        if parameter.kind == "operand":
            parameter.domain.check(name, value, arguments)
        elif parameter.kind == "operands":
            for i, item in enumerate(value):
                parameter.domain.check(f"{name}[{i}]", item, arguments)


OPS: dict[str, Op] = {}
"""All operators by name."""


def op(name: str = "", *, run: Run, **domains: Domain) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Declares an operator; the decorated function stays usable as a plain type rule.

    Args:
        name: The method's name when it is not the function's: for families that share one rule.
        run: The meaning on NumPy arrays.
        domains: Allowed types and ranks by operand. The first operand's default is `ANY`, the others' is the first
            operand's data type at any rank.
    """

    def declare(rule: Callable[..., Result]) -> Callable[..., Result]:
        hints = get_type_hints(rule, include_extras=True)
        parameters: dict[str, Parameter] = {}
        first = ""
        for declared in inspect.signature(rule).parameters.values():
            domain = domains.get(declared.name, same(first) if first else ANY)
            if not first and (declared.name in domains or hints[declared.name] in (Operand, list[Operand])):
                first = declared.name
            if domain.like == "" and not domain.types:  # a rank alone: the first operand's type
                domain = replace(domain, like=first)
            parameters[declared.name] = _parameter(declared, hints[declared.name], domain)
        unknown = set(domains) - set(parameters)
        if unknown:
            raise TypeError(f"{name or rule.__name__} has no operands {unknown}")
        category = rule.__module__.rsplit(".", 1)[-1]
        operator = Op(name or rule.__name__, category, parameters, rule, run)
        if operator.name in OPS:
            raise TypeError(f"{operator.name} is declared twice")
        OPS[operator.name] = operator
        return rule

    return declare


LIKE_FIRST = Domain()
"""The first operand's data type; give it a rank: ``LIKE_FIRST.rank(1)``."""


def _first(value: Any) -> Descriptor | None:
    """The descriptor, or the first of a list of them; None for anything else."""
    head = value[0] if isinstance(value, list) and value else value
    return head if isinstance(head, Descriptor) else None


def _widened(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float16 else value
    if isinstance(value, Mapping):
        return {key: _widened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_widened(item) for item in value]
    return value


def describe(value: Any) -> str:
    """An argument in an error message: an operand's type and shape, or the value."""
    if isinstance(value, Descriptor):
        return str(value if getattr(value, "name", "") else value.descriptor)
    if isinstance(value, list):
        return "[" + ", ".join(describe(item) for item in value) + "]"
    return str(value)


def _check_dimensions(descriptor: Descriptor, smallest: int) -> None:
    fits = all(smallest <= dimension <= MAX_DIMENSION for dimension in descriptor.shape)
    require(fits, f"the result would have shape {list(descriptor.shape)}; dimensions must be 1 to 2^31-1")


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The bidirectionally broadcast shape (clause "broadcasting" of the standard, NumPy's rule).

    Raises:
        ValidationError: Two sizes differ and neither is 1.
    """
    rank = max(map(len, shapes))
    result = []
    for dimensions in zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True):
        sizes = set(dimensions) - {1}
        require(len(sizes) <= 1, f"shapes {' and '.join(str(list(s)) for s in shapes)} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def broadcasts_to(shape: Sequence[int], target: Sequence[int]) -> bool:
    """Whether ``shape`` is unidirectionally broadcastable to ``target``."""
    if len(shape) > len(target):
        return False
    return all(a in (1, b) for a, b in zip(reversed(shape), reversed(target), strict=False))

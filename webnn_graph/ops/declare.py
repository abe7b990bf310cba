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
from typing import Any, TypeAlias, get_type_hints

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError, Where
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.domains import ANY, Domain, first_descriptor, same
from webnn_graph.ops.parameters import Parameter, read_parameter
from webnn_graph.ops.rules import check_shape
from webnn_graph.ops.traits import Trait

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
        doc: What it computes, of and to which shapes.
        traits: What may be relied on.
    """

    name: str
    category: str
    parameters: Mapping[str, Parameter]
    rule: Callable[..., Result]
    run: Run
    doc: str
    traits: frozenset[Trait] = frozenset()

    def bind(self, args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """The call's arguments by name in signature order, converted, members with their default value left out.

        Raises:
            ValidationError: Too many, missing, unknown or unconvertible arguments.
        """
        positional = self.positional
        if len(args) > len(positional):
            raise ValidationError(f"{self.name} takes {len(positional)} arguments, {len(args)} were given")
        given = dict(zip(positional, args, strict=False))
        for name, value in options.items():
            if name not in self.parameters:
                raise ValidationError(f"{self.name} has no option {name!r}", f"it has {', '.join(self.parameters)}")
            if name in given:
                raise ValidationError(f"{self.name} was given {name} twice")
            given[name] = value
        bound: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            if name not in given:
                if parameter.required:
                    raise ValidationError(f"{self.name} needs the argument {name}")
                continue
            if given[name] is None and parameter.optional:
                continue
            try:
                value = parameter.convert(given[name])
            except ValidationError as error:
                raise error.at(Where(op=self.name)) from None
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
                check_shape("the result would have", descriptor.shape, 0 if allow_empty else 1)
        except ValidationError as error:
            described = ", ".join(f"{name} {in_words(value)}" for name, value in arguments.items() if first_descriptor(value))
            raise ValidationError(f"{error.what} ({described})", error.hint, Where(op=self.name)) from None
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
    def positional(self) -> tuple[str, ...]:
        """The names of the parameters that are the method's arguments."""
        return tuple(name for name, parameter in self.parameters.items() if not parameter.is_option)

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """What the members of the options are by default, by name."""
        return {name: parameter.default for name, parameter in self.parameters.items() if parameter.is_option}

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names of the parameters that are operands, or lists of them."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.is_operand)

    @cached_property
    def returns_list(self) -> bool:
        """Whether the method returns ``sequence<MLOperand>``."""
        return "list" in str(inspect.signature(self.rule).return_annotation)

    @cached_property
    def needs_result(self) -> bool:
        """Whether ``run`` also takes ``result``, the descriptor: what its arrays cannot tell, as int4 from int8."""
        return not isinstance(self.run, np.ufunc) and "result" in inspect.signature(self.run).parameters

    def _apply(self, function: Callable[..., Any], arguments: Mapping[str, Any], **more: Any) -> Any:
        args = [arguments[name] for name in self.positional]
        return function(*args, **{name: arguments.get(name, default) for name, default in self.defaults.items()}, **more)

    def _check_operands(self, name: str, value: Any, arguments: Mapping[str, Any]) -> None:
        parameter = self.parameters[name]
        if parameter.kind == "operand":
            parameter.domain.check(name, value, arguments)
        elif parameter.kind == "operands":
            for i, item in enumerate(value):
                parameter.domain.check(f"{name}[{i}]", item, arguments)


OPS: dict[str, Op] = {}
"""All operators by name."""


def op(
    name: str = "", *, run: Run, doc: str = "", traits: Iterable[Trait] = (), **domains: Domain
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Declares an operator; the decorated function stays usable as a plain type rule.

    Args:
        name: The method's name when it is not the function's: for families that share one rule.
        run: The meaning on NumPy arrays.
        doc: What it computes, when the function's docstring does not say it: for families, too.
        traits: What is true of it whatever its arguments.
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
            parameters[declared.name] = read_parameter(declared, hints[declared.name], domain)
        unknown = set(domains) - set(parameters)
        if unknown:
            raise TypeError(f"{name or rule.__name__} has no operands {unknown}")
        category = rule.__module__.rsplit(".", 1)[-1]
        text = doc or inspect.getdoc(rule)
        if not text:
            raise TypeError(f"{name or rule.__name__} does not say what it computes")
        operator = Op(name or rule.__name__, category, parameters, rule, run, text, frozenset(traits))
        if operator.name in OPS:
            raise TypeError(f"{operator.name} is declared twice")
        OPS[operator.name] = operator
        return rule

    return declare


Family: TypeAlias = Mapping[str, tuple[Run, str, *tuple[Trait, ...]]]
"""Operators of one signature: what each computes, in NumPy and in words, and traits that not all of them have."""


def family(operators: Family, rule: Callable[..., Result], *traits: Trait, **domains: Domain) -> None:
    """Declares operators that share a type rule, domains and traits; see `op`."""
    for name, (run, doc, *more) in operators.items():
        op(name, run=run, doc=doc, traits=(*traits, *more), **domains)(rule)


def _widened(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float16 else value
    if isinstance(value, Mapping):
        return {key: _widened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_widened(item) for item in value]
    return value


def in_words(value: Any) -> str:
    """An argument in an error message: an operand's type and shape, or the value."""
    if isinstance(value, Descriptor):
        return str(value if getattr(value, "name", "") else value.descriptor)
    if isinstance(value, list):
        return "[" + ", ".join(in_words(item) for item in value) + "]"
    return str(value)

"""What the annotations of a handler's parameters say: how each value is read, and whether it may be absent.

`Operand` takes a tensor as it is; `Array`, `Ints` and `Number` take the value of one that must be known at conversion, and a
tensor that is not makes the node unconvertible, with a message. What else means something the registries say, each for its
own handlers.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from webnn_graph import data_types
from webnn_graph.builder import GraphBuilder
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@dataclass(frozen=True)
class Known:
    """Metadata of a type: the tensor's value must be known; ``read(values, what)`` makes of it what the handler takes, None leaves it."""

    read: Callable[[data_types.Array, str], Any] | None


def _one(values: data_types.Array, what: str) -> bool | int | float:
    if values.size != 1:
        raise ConversionError(f"{what} has {values.size} values, expected one")
    number: bool | int | float = values.item()
    return number


Array: TypeAlias = Annotated[data_types.Array, Known(lambda values, _: values)]
"""A tensor whose values are known."""
Ints: TypeAlias = Annotated[list[int], Known(lambda values, _: [int(item) for item in values.ravel()])]
"""An integer tensor of any rank whose values are known, flattened."""
Number: TypeAlias = Annotated[float, Known(_one)]
"""A tensor of one element whose value is known."""
Assumed: TypeAlias = Annotated[Operand, Known(None)]
"""A tensor whose value is known or assumed, see `webnn_graph.builder.GraphBuilder.assumed`, for handlers that tell these apart."""


class Parameter(inspect.Parameter):
    """A parameter of a handler; its annotation is an object, not a string."""

    @cached_property
    def _choices(self) -> list[Any]:
        union = get_origin(self.annotation) in (Union, types.UnionType)
        return list(get_args(self.annotation)) if union else [self.annotation]

    @cached_property
    def optional(self) -> bool:
        """Whether None may be given; in the middle of others an input has no default to say so, only its annotation."""
        return self.default is not self.empty or type(None) in self._choices

    @cached_property
    def type(self) -> Any:
        """What is given when it is not None, without metadata; None when that may be one of several types."""
        chosen = [choice for choice in self._choices if choice is not type(None)]
        if len(chosen) != 1:
            return None
        return get_args(chosen[0])[0] if get_origin(chosen[0]) is Annotated else chosen[0]

    @cached_property
    def known(self) -> Known | None:
        """How a value is read that must be known; None when the value is given as it is."""
        metadata = (item for choice in self._choices if get_origin(choice) is Annotated for item in get_args(choice)[1:])
        return next((item for item in metadata if isinstance(item, Known)), None)

    def read(self, b: GraphBuilder, value: Any, hint: str) -> Any:
        """The value as the handler takes it.

        Raises:
            ConversionError: It must be known and is not; ``hint`` says what to do.
        """
        if self.known is None or not isinstance(value, Operand):
            return value
        values = b.assumed(value)
        if values is None:
            raise ConversionError(
                f"input {self.name} is computed at run time; WebNN needs its value at conversion", hint, code=Code.DEPENDS_ON_DATA
            )
        return value if self.known.read is None else self.known.read(values, f"input {self.name}")


def parameters_of(function: Callable[..., Any], means_something: Callable[[Parameter], bool]) -> list[Parameter]:
    """The parameters of a handler after the first, the builder.

    Raises:
        TypeError: One has no annotation, or one that means nothing.
    """
    handler = f"{function.__module__}.{function.__qualname__}"
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"{handler}: {error}") from None
    _, *given = inspect.signature(function).parameters.values()
    parameters = [Parameter(p.name, p.kind, default=p.default, annotation=hints.get(p.name, p.empty)) for p in given]
    for parameter in parameters:
        if not means_something(parameter):
            shown = inspect.formatannotation(parameter.annotation)
            raise TypeError(f"{handler}: the annotation of {parameter.name}, {shown}, says nothing of how its value is read")
    return parameters


ORIGIN: ContextVar[str] = ContextVar("origin", default="")
"""The package whose handlers are being registered; empty for the project's own."""


@dataclass(frozen=True)
class Registered:
    """What both frontends know of a handler.

    Attributes:
        function: The handler.
        parameters: Its parameters after the builder.
        how: How it is lowered.
        limits: What of it is not converted.
        origin: The package that it is from; empty for the project's own.

    Raises:
        TypeError: It does not say how.
    """

    function: Callable[..., Any]
    parameters: Sequence[Parameter] = field(compare=False)
    how: str
    limits: str = ""
    origin: str = field(default_factory=ORIGIN.get, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        if not self.how:
            raise TypeError(f"{self.function.__module__}.{self.function.__qualname__} does not say how it is lowered")

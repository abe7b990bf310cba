"""One call as a rewrite sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webnn_graph.graph import Descriptor
from webnn_graph.ops import OPS


@dataclass(frozen=True)
class Call:
    """A call that is about to be made. Arguments and options, given or default, are attributes: ``call.padding``.

    Attributes:
        op: The operator.
        arguments: Bound arguments.
        results: What the call gives.
    """

    op: str
    arguments: Mapping[str, Any]
    results: tuple[Descriptor, ...]

    def __getattr__(self, name: str) -> Any:
        if name in self.arguments:
            return self.arguments[name]
        parameters = OPS[self.op].parameters
        if name not in parameters:
            raise AttributeError(f"{self.op} has no argument {name}")
        return parameters[name].default

    @property
    def result(self) -> Descriptor:
        return self.results[0]

    def but(self, **changed: Any) -> dict[str, Any]:
        """The arguments with some changed; None removes one."""
        return {name: value for name, value in {**self.arguments, **changed}.items() if value is not None}

"""How the typed methods of `GraphBuilder` are made: each is its signature, and does what `call` does."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

Signature = TypeVar("Signature", bound=Callable[..., Any])


class Methods:
    """What the methods need of the builder that has them."""

    def call(self, op: str, *args: Any, **options: Any) -> Any:
        """One call of the operator ``op``."""
        raise NotImplementedError


def method(signature: Signature) -> Signature:
    """The method of the operator that is called as the function is: its signature is for readers, `Methods.call` checks arguments."""
    op = signature.__name__

    @wraps(signature)
    def called(self: Methods, *args: Any, **options: Any) -> Any:
        return self.call(op, *args, **options)

    return cast("Signature", called)

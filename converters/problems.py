"""What a whole model's conversion has to report at once: every node that cannot be converted, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from webnn_graph.codes import Code
from webnn_graph.errors import BudgetExceeded, ConversionError, WebNNError, Where, readable

DEFECT = "this is a defect of the converter; please report it with what --debug shows"
NAMES_SHOWN = 3
"""Nodes that a kind of problem names; the rest are counted."""


@dataclass(frozen=True)
class Problem:
    """A node of the source model that has no equivalent.

    Attributes:
        operator: Its type, with the domain when it is not the standard one.
        where: Its place in the source model.
        why: What stops it.
        hint: What the user can do.
        cause: The unexpected exception behind it, for --debug.
        code: Which kind of error it is.
    """

    operator: str
    where: Where
    why: str
    hint: str = ""
    cause: Exception | None = None
    code: Code = Code.UNSUPPORTED_OPERATOR


class Unmade(Exception):
    """A value that a handler needs could not be made; what stopped it is reported already."""


@contextmanager
def collected(problems: list[Problem], operator: str, node: str) -> Iterator[None]:
    """Makes what the conversion of a node raises one of the problems, and goes on after the body.

    Raises:
        BudgetExceeded: The node raised it, or needs more memory than there is; no other would fare better.
    """
    try:
        yield
    except BudgetExceeded:
        raise
    except Unmade:
        return
    except MemoryError as error:
        raise BudgetExceeded(f"{node} needs more memory than there is") from error
    except WebNNError as error:
        code = Problem.code if error.code is error.default else error.code
        problems.append(Problem(operator, replace(error.where, node=node), error.what, error.hint, code=code))
    except Exception as error:  # a handler that trusts a node to be as its schema says, and this one is not; or the handler is wrong
        problems.append(Problem(operator, Where(node=node), f"unexpected {type(error).__name__}: {error}", DEFECT, error))


class Report(ConversionError):
    """All that stops the conversion of a model.

    Args:
        problems: At least one.
        model: What the user calls the model, with its opset.
        total: How many nodes were looked at.
        unseen: How many come after what cannot be converted, so that it is not known whether they can be.
    """

    default = Code.UNSUPPORTED_OPERATOR

    def __init__(self, problems: Sequence[Problem], model: str, total: int, unseen: int = 0) -> None:
        operators = len({problem.operator for problem in problems})
        head = f"{operators} operator{'s' if operators > 1 else ''} of {model} cannot be converted"
        hints = {problem.hint for problem in problems}
        after = f", {unseen:,} more depend on them" if unseen else ""
        super().__init__(f"{head}; {total - len(problems):,} of {total:,} nodes can{after}", hints.pop() if len(hints) == 1 else "")
        codes = {problem.code for problem in problems}
        self.code = codes.pop() if len(codes) == 1 else self.default
        self.args = (problems, model, total, unseen)  # what a copy is made of
        self.problems = problems
        self.__cause__ = next((problem.cause for problem in problems if problem.cause), None)

    @property
    def message(self) -> str:
        return self._table(lambda _: "")

    def text(self, spelled: Callable[[str], str] = str) -> str:
        """See `WebNNError.text`; hints that not all problems share stand below theirs."""
        return super().text(spelled) if self.hint else self._table(spelled)

    def _table(self, spelled: Callable[[str], str]) -> str:
        """Operators, nodes and what stops them, alike problems together; hints where ``spelled`` makes something of them."""
        alike: dict[tuple[str, str, str], list[str]] = {}
        for problem in self.problems:
            why = replace(problem.where, node="").say(problem.why)
            alike.setdefault((problem.operator, why, problem.hint), []).append(problem.where.node)
        width = max(len(f"{operator} x{len(nodes)}") for (operator, _, _), nodes in alike.items())
        lines = [super().message]
        for (operator, why, hint), nodes in alike.items():
            lines.append(f"  {f'{operator} x{len(nodes)}':<{width}}  {listed(nodes, NAMES_SHOWN)}: {why}")
            if spelled(hint):
                lines.append(f"{' ' * width}    hint: {spelled(hint)}")
        return readable("\n".join(lines))


def listed(names: Sequence[str], limit: int = 20) -> str:
    """The first ``limit`` names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def in_words(given: object) -> str:
    """What an object is that a Python program gave in the place of another."""
    if isinstance(given, type):
        return f"the class {given.__name__}"
    module, name = type(given).__module__, type(given).__qualname__
    return f"of type {name if module == 'builtins' else f'{module}.{name}'}"

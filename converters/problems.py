"""What a whole model's conversion has to report at once: every node that cannot be converted, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from webnn_graph.errors import BudgetExceeded, ConversionError, WebNNError

DEFECT = "this is a defect of the converter; please report it with what --debug shows"
SHOWN_NODES = 3
"""Node names listed per kind of problem; the rest are counted."""


@dataclass(frozen=True)
class Problem:
    """A node of the source model that has no equivalent.

    Attributes:
        operator: Its type, with the domain when it is not the standard one.
        node: Its name in the source model.
        why: What stops it.
        hint: What the user can do.
        cause: The unexpected exception behind it, for --debug.
    """

    operator: str
    node: str
    why: str
    hint: str = ""
    cause: Exception | None = None


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
        problems.append(Problem(operator, node, error.message.removeprefix(f"{node}: "), error.hint))
    except Exception as error:  # a handler that trusts a node to be as its schema says, and this one is not; or the handler is wrong
        problems.append(Problem(operator, node, f"unexpected {type(error).__name__}: {error}", DEFECT, error))


def report(problems: Sequence[Problem], model: str, total: int) -> ConversionError:
    """One error that lists all problems, alike ones together.

    Args:
        problems: At least one.
        model: What the user calls the model, with its opset.
        total: How many nodes the model has.
    """
    groups: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        groups[problem.operator, problem.why].append(problem)
    operators = len({problem.operator for problem in problems})
    width = max(len(f"{operator} x{len(group)}") for (operator, _), group in groups.items())
    lines = []
    for (operator, why), group in groups.items():
        names = listed([problem.node for problem in group], SHOWN_NODES)
        lines.append(f"  {f'{operator} x{len(group)}':<{width}}  {names}: {why}")
    kinds = f"{operators} operator{'s' if operators > 1 else ''}"
    head = f"{kinds} of {model} cannot be converted; {total - len(problems):,} of {total:,} nodes can"
    hints = list(dict.fromkeys(problem.hint for problem in problems if problem.hint))
    error = ConversionError("\n".join([head, *lines]), "; ".join(hints))
    error.__cause__ = next((problem.cause for problem in problems if problem.cause), None)
    return error


def listed(names: Sequence[str], limit: int = 20) -> str:
    """The first ``limit`` names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more

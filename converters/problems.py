"""What a whole model's conversion has to report at once: every node that cannot be converted, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from webnn_graph.errors import ConversionError

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

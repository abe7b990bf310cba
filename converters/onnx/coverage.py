"""Which ONNX operators can be converted: the table of the handlers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from onnx import defs

from converters.onnx import handlers
from converters.onnx.registry import HANDLERS, REFUSED, Handler
from converters.plugins import load_plugins

assert handlers  # importing it fills HANDLERS
COLUMNS: tuple[str, ...] = ("operator", "opsets", "how", "restrictions", "from")
TITLE = "ONNX operators"
INTRODUCTION = """\
What `onnx2webnn` makes of each operator, by the opset of the model. Operators of other domains than ONNX's own have their domain
before their name. Values that are known at conversion, shapes among them, are computed then and leave no operator behind.
"""


def table() -> list[tuple[str, ...]]:
    """Rows of `COLUMNS` for each operator and domain, one for all opsets in which the same is done."""
    load_plugins("onnx")
    rows = [
        row
        for (domain, operator), versions in HANDLERS.items()
        for row in _rows(_name(domain, operator), sorted(versions, key=lambda handler: handler.since))
    ]
    rows += [(_name(domain, operator), "", "", f"refused: {why}", "") for (domain, operator), (why, _) in REFUSED.items()]
    rows += [(_name(domain, operator), f"{since}+", "by its definition as a function", "", "") for domain, operator, since in _defined()]
    return sorted(rows, key=lambda row: (row[0].count("."), row[0]))  # which leaves the rows of one operator in order


def _rows(name: str, versions: Sequence[Handler]) -> Iterator[tuple[str, ...]]:
    alike = [list(group) for _, group in groupby(versions, key=lambda handler: (handler.how, handler.limits))]
    for group, following in zip(alike, [*alike[1:], None], strict=True):
        first, last = group[0].since, following[0].since - 1 if following else None
        opsets = f"{first}+" if last is None else str(first) if first == last else f"{first}–{last}"
        yield name, opsets, group[0].how, group[0].limits, group[0].origin


def _defined() -> Iterator[tuple[str, str, int]]:
    """Domain, name and first opset of the operators without a handler that ONNX defines by a function."""
    known = {*HANDLERS, *REFUSED}
    for schema in defs.get_all_schemas():
        if (schema.domain, schema.name) not in known and (schema.has_function or schema.has_context_dependent_function):
            first = min(s.since_version for s in defs.get_all_schemas_with_history() if (s.domain, s.name) == (schema.domain, schema.name))
            yield schema.domain, schema.name, first


def _name(domain: str, operator: str) -> str:
    return f"{domain}.{operator}" if domain else operator

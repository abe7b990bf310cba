"""The data types and ranks that every implementation of the standard must take, and the target `portable` made of them.

``python -m tests.targets.standard index.bs`` reads the tables of the standard's source text into ``tests/data/webnn_facts.json``
and writes ``webnn_graph/targets/portable.json``; without an argument only the latter.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from webnn_graph.data_types import DataType
from webnn_graph.targets import CHROMIUM, PORTABLE, target
from webnn_graph.targets.target import FILES, described

FACTS = Path(__file__).parents[1] / "data" / "webnn_facts.json"
PORTABLE_FILE = Path(target.__file__).parent / FILES[PORTABLE]
CHROMIUM_FILE = Path(target.__file__).parent / FILES[CHROMIUM]
ORDER = list(DataType)
ABOUT = "what the standard requires, and Chromium 147 takes"

TABLE = re.compile(r"<table id=tensor-limits-\S+ class='data' link-for=\"([^\"]*)\">(.*?)</table>", re.DOTALL)
ROW = re.compile(r"<tr>\s*((?:<td>.*?</td>\s*){5})", re.DOTALL)
CELL = re.compile(r"<td>(.*?)</td>", re.DOTALL)
OPERATOR = re.compile(r"MLGraphBuilder/(\w+)\(")
OPERAND = re.compile(r"(\w+)(?:}}|\*|\[(\d)\])")


def required_by(text: str) -> dict[str, Any]:
    """What the tables in the standard's source text require: operator to operand to data types and ranks."""
    required: dict[str, Any] = {}
    for operators, table in TABLE.findall(text):
        operands = dict(_operand(CELL.findall(row)) for row in ROW.findall(table))
        required |= dict.fromkeys(OPERATOR.findall(operators), operands)
    return required


def _operand(cells: list[str]) -> tuple[str, dict[str, Any]]:
    name, _, types, _, ranks = cells
    found = OPERAND.search(name)
    assert found, f"{name!r} names no operand"
    least, _, most = ranks.partition(" to ")
    data_types = re.findall(r'MLOperandDataType/"(\w+)"', types)
    operand = found[1] if found[2] is None else f"output{found[2]}"
    return operand, {"types": " ".join(data_types), "ranks": [int(least), int(most or least)]}


def facts() -> dict[str, Any]:
    """The facts about the standard that the tests know."""
    return json.loads(FACTS.read_text("utf-8"))


def portable() -> dict[str, Any]:
    """The limits of the target: what the standard requires and the measured browser takes, too."""
    chromium = json.loads(CHROMIUM_FILE.read_text("utf-8"))
    operators = {op: fact["required"] for op, fact in facts()["operators"].items() if op in chromium}
    limits = {op: {name: _limit(row) for name, row in required.items()} for op, required in operators.items()}
    # The standard says nothing about a graph's own tensors; an implementation that computes a type can also be given it.
    anything = reduce(_union, (operand for operands in limits.values() for operand in operands.values()))
    limits |= {"input": anything, "constant": anything, "output": anything}
    common = {name: _common(limit, chromium[name]) for name, limit in sorted(limits.items())}
    return common | {"maxTensorByteLength": chromium["maxTensorByteLength"]}


def _limit(row: Mapping[str, Any]) -> dict[str, Any]:
    least, most = row["ranks"]
    return {"dataTypes": row["types"].split(), "rankRange": {"max": most, "min": least}}


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    ranks = [one["rankRange"], other["rankRange"]]
    types = sorted({*one["dataTypes"], *other["dataTypes"]}, key=ORDER.index)
    return {"dataTypes": types, "rankRange": {"max": max(r["max"] for r in ranks), "min": min(r["min"] for r in ranks)}}


def _common(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    if "dataTypes" not in one:
        return {name: _common(limit, other[name]) for name, limit in one.items()}
    ranks = [one["rankRange"], other["rankRange"]]
    types = [data_type for data_type in one["dataTypes"] if data_type in other["dataTypes"]]
    return other | {"dataTypes": types, "rankRange": {"max": min(r["max"] for r in ranks), "min": max(r["min"] for r in ranks)}}


def _with_required(known: dict[str, Any], required: Mapping[str, Any]) -> str:
    operators = known["operators"]
    lines = ",\n".join(f" {json.dumps(op)}: {json.dumps(operators[op] | {'required': required[op]})}" for op in operators)
    return f'{{\n"source": {json.dumps(known["source"])},\n"operators": {{\n{lines}\n}}}}\n'


def main(arguments: Iterable[str]) -> None:
    """See the module."""
    for path in arguments:
        FACTS.write_text(_with_required(facts(), required_by(Path(path).read_text("utf-8"))), encoding="utf-8")
    PORTABLE_FILE.write_text(described(portable(), implementation=ABOUT), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

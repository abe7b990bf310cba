"""Every declaration of the operator table says what the standard says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cli
from webnn_graph.ops import OPS, Parameter
from webnn_graph.ops.domains import ANY

STANDARD: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "webnn_facts.json").read_text())["operators"]

DIFFERENT = {
    ("isNaN", "a"): ({"types": "float32 float16"}, "the table allows any type, the method's steps only floating point"),
    ("isInfinite", "a"): ({"types": "float32 float16"}, "the table allows any type, the method's steps only floating point"),
    ("argMin", "outputDataType"): ({"kind": "string", "choices": ["int32", "int64"]}, "the table allows only these two results"),
    ("argMax", "outputDataType"): ({"kind": "string", "choices": ["int32", "int64"]}, "the table allows only these two results"),
}
"""Where a declaration differs from the facts on purpose: what it says instead, and why."""

PACKED = {
    "cast": ["input"],
    "concat": ["inputs"],
    "dequantizeLinear": ["input"],
    "quantizeLinear": ["zeroPoint"],
    "reshape": ["input"],
}
"""The operands that also take int4 and uint4, an extension of ours that Chromium shares."""


def declared_kind(parameter: Parameter) -> str:
    return parameter.kind.replace("int", "uint") if parameter.unsigned else parameter.kind


def declared_types(parameter: Parameter) -> str:
    if parameter.domain.like:
        return f"= {parameter.domain.like}"
    return "any" if parameter.domain.types == ANY.types else " ".join(parameter.domain.types)


def with_exception(op: str, name: str, facts: dict[str, Any]) -> dict[str, Any]:
    instead, _ = DIFFERENT.get((op, name), ({}, ""))
    assert not any(facts.get(key) == value for key, value in instead.items()), "this exception is not one"
    return facts | instead


def test_the_table_has_exactly_the_operators_of_the_standard() -> None:
    assert sorted(OPS) == sorted(STANDARD)
    assert f"All {len(OPS)} operators of the standard" in (Path(cli.__file__).parent / "README.md").read_text()


@pytest.mark.parametrize("op", STANDARD)
def test_signature(op: str) -> None:
    facts = STANDARD[op]
    declared = {name: declared_kind(p) for name, p in OPS[op].parameters.items() if not p.is_option}
    assert list(declared.items()) == list(facts["arguments"].items())
    assert OPS[op].returns_list == (facts["returns"] == "operands")
    assert all(p.required for p in OPS[op].parameters.values() if not p.is_option)


@pytest.mark.parametrize("op", STANDARD)
def test_options(op: str) -> None:
    options = {name: p for name, p in OPS[op].parameters.items() if p.is_option}
    assert list(options) == list(STANDARD[op]["options"])
    for name, parameter in options.items():
        facts = with_exception(op, name, STANDARD[op]["options"][name])
        assert declared_kind(parameter) == facts["kind"], name
        assert list(parameter.choices) == facts.get("choices", []), name
        assert parameter.default == facts.get("default"), name
        assert type(parameter.default) is not int or facts["kind"] != "bool", name


@pytest.mark.parametrize("op", STANDARD)
def test_operands(op: str) -> None:
    operands = {name: p for name, p in OPS[op].parameters.items() if p.is_operand}
    limits = STANDARD[op]["operands"]
    assert list(operands) == [name for name in limits if not name.startswith("output")]
    for name, parameter in operands.items():
        facts = with_exception(op, name, limits[name])
        assert set(declared_types(parameter).split()) == set(facts["types"].split()), name
        assert bool(parameter.domain.packed) == (name in PACKED.get(op, [])), name
        if isinstance(facts["ranks"], list):  # "the rank of another operand" is a rule's to check, and has a row in the cases
            assert list(parameter.domain.ranks) == facts["ranks"], name

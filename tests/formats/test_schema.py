"""The JSON schema takes what is written and read, and refuses what its members cannot be."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest

from tests.formats.graphs import every_operator
from tests.formats.schema import FILE, text
from tests.formats.test_bad_input import BAD_JSON
from tests.formats.test_of_rustnn import AS_JSON
from tests.formats.test_spellings import as_json
from tests.ops.case import Case
from tests.ops.cases import CASES
from webnn_graph import GraphBuilder
from webnn_graph.formats import json as form
from webnn_graph.formats.document import document_of
from webnn_graph.ops import OPS

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed; make test does it")
SCHEMA = json.loads(FILE.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
WRITTEN = json.loads(form.write(document_of(every_operator())))


def test_it_is_written_from_the_operator_table() -> None:
    assert FILE.read_text("utf-8") == text(), "python -m tests.formats.schema writes it"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("content", [WRITTEN, AS_JSON, json.loads(as_json())], ids=["every operator", "of rustnn", "short"])
def test_files_fulfil_it(content: Any) -> None:
    VALIDATOR.validate(content)


@pytest.mark.parametrize("op", OPS)
def test_every_call_fulfils_it(op: str) -> None:
    nodes = [node for case in CASES if case.op == op and not case.error for node in nodes_of(case)]
    assert nodes
    alike = {json.dumps(node["options"]): node for node in nodes}
    VALIDATOR.validate({**WRITTEN, "consts": {}, "nodes": list(alike.values())})


def nodes_of(case: Case) -> Any:
    """The nodes of the graph that a case makes, as JSON."""
    b = GraphBuilder()
    graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    return json.loads(form.write(document_of(graph)))["nodes"]


BEYOND = re.compile("there is no operand|before it is defined|used twice|is dynamic|which is 4,294,967,296 elements|1e999")
"""What depends on two places in the file, and what any number that JSON can write may be."""


@pytest.mark.parametrize(("content", "message"), BAD_JSON, ids=[row[1][:60] for row in BAD_JSON])
def test_what_the_reader_refuses_does_not_fulfil_it(content: str, message: str) -> None:
    try:
        read = json.loads(content, parse_constant=str)
    except (ValueError, RecursionError):
        return
    assert VALIDATOR.is_valid(read) == bool(BEYOND.search(message))


@pytest.mark.parametrize("op", OPS)
def test_options_are_those_of_the_operator(op: str) -> None:
    """A name that the operator does not have, and for each option a value of another kind."""
    node = next(node for node in WRITTEN["nodes"] if node["op"] == op)
    wrong: list[dict[str, Any]] = [{"stridez": 3}, *({name: [{}]} for name in OPS[op].parameters)]
    for options in wrong:
        content = deepcopy({**WRITTEN, "nodes": [node]})
        content["nodes"][0]["options"] = {**node["options"], **options}
        assert not VALIDATOR.is_valid(content), options

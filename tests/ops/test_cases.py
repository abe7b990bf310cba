"""Every row of `tests.ops.cases` through inference, the reference, the formats, the generated JavaScript and a browser."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops.case import Case, Tensor
from tests.ops.cases import CASES
from webnn_graph import load, save
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.formats import javascript
from webnn_graph.graph import Graph, Operand
from webnn_graph.ops import OPS, declare
from webnn_graph.ops.domains import ANY
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession

NODE = shutil.which("node")
RECORD = Path(__file__).with_name("record.mjs")
BROWSER_SLACK = 32
"""How many times a row's tolerance a browser may differ: its backend computes transcendental functions and sums its own way."""
OPERATORS = Path(declare.__file__).parent
STANDARD: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "webnn_facts.json").read_text())["operators"]
SMALLER = {"gather": [0, None]}
"""Ranks of results where the table of limits forbids what the method's steps compute: gather one element of a vector."""
GIVING = [case for case in CASES if not case.error]
REFUSED = [case for case in CASES if case.error]


def graph_of(case: Case, *, constants: bool = False) -> Graph:
    b = GraphBuilder(case.op)
    return b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b, constants=constants))})


# --------------------------------------------------------------------------------------------------- inference and execution
@pytest.mark.parametrize("case", GIVING, ids=str)
def test_row(case: Case) -> None:
    graph = graph_of(case)
    assert [output.descriptor for output in graph.outputs] == [result.descriptor for result in case.gives]
    computed = reference.run(graph, case.feeds())
    case.compare([computed[output.name] for output in graph.outputs])


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refused(case: Case) -> None:
    b = GraphBuilder()
    with b.source("/model/layer"), pytest.raises(ValidationError) as raised:
        case.call(b)
    assert case.error in raised.value.message
    assert raised.value.message.startswith("/model/layer: "), "the message says where"


@pytest.mark.parametrize("case", GIVING, ids=str)
def test_results_lie_in_the_domain_of_the_standard(case: Case) -> None:
    limits = STANDARD[case.op]["operands"]
    operands = dict(zip((name for name in limits if not name.startswith("output")), case.operands, strict=False)) | case.arguments
    outputs = [name for name in limits if name.startswith("output")]
    for i, result in enumerate(case.gives):
        types, ranks = limits[outputs[min(i, len(outputs) - 1)]].values()
        like = operands[types.split()[1]] if types.startswith("=") else None
        packed = result.data_type.bits == 4
        assert packed or result.data_type in ([like.data_type] if like else ANY.types if types == "any" else types.split())
        if isinstance(ranks, list):
            ranks = SMALLER.get(case.op, ranks)
            assert result.descriptor.rank >= ranks[0]
            assert ranks[1] is None or result.descriptor.rank <= ranks[1]
        else:
            assert result.descriptor.rank == operands[ranks.split()[1]].descriptor.rank


# ------------------------------------------------------------------------------------------------ files, JavaScript, browser
@pytest.mark.parametrize("case", GIVING, ids=str)
def test_files(case: Case, tmp_path: Path) -> None:
    """Text and JSON carry the row there and back, and turn into each other without a difference."""
    graph = graph_of(case, constants=True)
    text, json_, again = tmp_path / "a.webnn", tmp_path / "b.json", tmp_path / "c"
    save(graph, text)
    save(load(text), json_)
    save(load(json_), again.with_suffix(".webnn"), again.with_suffix(".json"))
    assert again.with_suffix(".webnn").read_bytes() == text.read_bytes()
    assert again.with_suffix(".json").read_bytes() == json_.read_bytes()
    loaded = load(again.with_suffix(".json"))
    feeds = {operand.name: case.feeds()[operand.name] for operand in graph.inputs}
    computed = reference.run(loaded, feeds)
    for name, array in reference.run(graph, feeds).items():
        np.testing.assert_array_equal(computed[name], array)


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_javascript(tmp_path: Path) -> None:
    """The generated module calls each method with all its arguments by position and the given options by name."""
    graphs = [graph_of(case) for case in GIVING]
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for i, graph in enumerate(graphs):
        (tmp_path / f"{i}.js").write_text(javascript.files(graph, str(i))[f"{i}.js"])
    command = [str(NODE), str(RECORD), *(str(tmp_path / f"{i}.js") for i in range(len(graphs)))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for case, graph, recorded in zip(GIVING, graphs, json.loads(done.stdout), strict=True):
        calls = [call for call in recorded if call[0] not in ("input", "constant")]
        assert [name for name, _, _ in calls] == [node.op for node in graph.nodes], case
        for node, (name, arguments, options) in zip(graph.nodes, calls, strict=True):
            positional = list(STANDARD[name]["arguments"])
            assert len(arguments) == len(positional), case
            assert set(options) - {"roundingType"} == set(node.arguments) - set(positional), case
            for given, expected in zip(arguments, node.arguments.values(), strict=False):
                assert given == _as_json(expected), case


def _as_json(value: Any) -> Any:
    """A call's argument as the recording builder sees it."""
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return "operand" if isinstance(value, Operand) else value


@pytest.mark.browser
@pytest.mark.parametrize("op", STANDARD)
def test_browser(op: str, session: BrowserSession) -> None:
    """The rows of an operator in Chromium; those that it is known to refuse or to compute differently do so."""
    rows = [case for case in GIVING if case.op == op and not _has_uint64(case)]
    agreeing = [case for case in rows if not case.browser]
    if problem := _problem_in_browser(agreeing, session):
        single = [f"{case}: {one}" for case in agreeing if (one := _problem_in_browser([case], session))]
        pytest.fail("\n".join(single) or f"only in one graph with each other: {problem}")
    for case in rows:
        if case.browser:
            assert _problem_in_browser([case], session), f"{case} agrees, though it is said to differ: {case.browser}"


def _has_uint64(case: Case) -> bool:
    """Whether the row uses what Chromium's CPU backend has for no operator."""
    return any(tensor.data_type is DataType.UINT64 for tensor in [*case.tensors.values(), *case.gives])


def _problem_in_browser(cases: list[Case], session: BrowserSession) -> str:
    """What is wrong with the results of the rows, computed by one graph in the browser; empty when nothing is."""
    b = GraphBuilder()
    called = {f"row{i}_": case.call(b, prefix=f"row{i}_") for i, case in enumerate(cases)}
    graph = b.build({f"{prefix}{n}": result for prefix, results in called.items() for n, result in enumerate(results)})
    feeds: dict[str, Any] = {}
    for prefix, case in zip(called, cases, strict=True):
        feeds |= case.feeds(prefix)
    try:
        computed = session.run(graph, feeds)
        for (prefix, results), case in zip(called.items(), cases, strict=True):
            case.compare([computed[f"{prefix}{n}"] for n in range(len(results))], slack=BROWSER_SLACK)
    except (WebNNError, AssertionError) as error:
        return " ".join(str(error).split())
    return ""


# ------------------------------------------------------------------------------------------------ operand types and ranks
def _operands() -> Iterator[tuple[str, str]]:
    for op, facts in STANDARD.items():
        for name in facts["operands"]:
            if not name.startswith("output"):
                yield op, name


def _with_operand(op: str, name: str) -> Case:
    """A row that passes the operand ``name``."""
    parameter = OPS[op].parameters[name]
    return next(case for case in GIVING if case.op == op and (not parameter.is_option or name in case.arguments))


def _bound(case: Case, change: dict[str, Any]) -> dict[str, Any]:
    """The row's arguments as descriptors, some changed."""
    names = [name for name, p in OPS[case.op].parameters.items() if not p.is_option and p.is_operand]
    given = {"inputs": case.operands} if case.op == "concat" else dict(zip(names, case.operands, strict=False))
    changed = given | case.arguments | change

    def descriptor(value: Any) -> Any:
        return [descriptor(v) for v in value] if isinstance(value, list) else value.descriptor if isinstance(value, Tensor) else value

    return OPS[case.op].bind([], {name: descriptor(value) for name, value in changed.items()})


def _retyped(value: Any, data_type: DataType) -> Any:
    return [_retyped(v, data_type) for v in value] if isinstance(value, list) else replace(value, data_type=data_type)


@pytest.mark.parametrize(("op", "name"), list(_operands()))
def test_operands_take_exactly_their_types(op: str, name: str) -> None:
    case = _with_operand(op, name)
    given = {"inputs": case.operands} if op == "concat" else dict(zip(STANDARD[op]["operands"], case.operands, strict=False))
    given |= {key: value for key, value in case.arguments.items() if isinstance(value, Tensor)}
    domain = OPS[op].parameters[name].domain
    followers = [other for other in given if OPS[op].parameters[other].domain.like == name]
    for data_type in DataType:
        change = {other: _retyped(given[other], data_type) for other in (name, *followers)}
        alone = _retyped(given[name], data_type)
        if domain.like:
            leader = given[domain.like]
            accepted = data_type == (leader[0] if isinstance(leader, list) else leader).data_type
            change = {name: alone}
        else:
            accepted = data_type in domain.types + domain.packed
        if accepted:
            OPS[op].infer(_bound(case, change))
        else:
            with pytest.raises(ValidationError, match=rf"{op}: .*{data_type}"):
                OPS[op].infer(_bound(case, change))


@pytest.mark.parametrize(("op", "name"), list(_operands()))
def test_operands_take_exactly_their_ranks(op: str, name: str) -> None:
    ranks = STANDARD[op]["operands"][name]["ranks"]
    if not isinstance(ranks, list):
        ranks = [0, None]
    smallest, largest = ranks
    case = _with_operand(op, name)
    for rank in [r for r in (smallest - 1, largest + 1 if largest is not None else -1) if r >= 0]:
        given = {"inputs": case.operands[0]} if op == "concat" else dict(zip(STANDARD[op]["operands"], case.operands, strict=False))
        tensor = replace((given | case.arguments)[name], shape=(1,) * rank)
        with pytest.raises(ValidationError, match=rf"has rank {rank} "):
            OPS[op].infer(_bound(case, {name: [tensor] if op == "concat" else tensor}))


# ------------------------------------------------------------------------------------------------------- the table is whole
@pytest.mark.parametrize("op", STANDARD)
def test_every_operator_and_option_has_a_row_with_independent_values(op: str) -> None:
    rows = [case for case in GIVING if case.op == op and case.checks_values]
    assert rows
    used = {name for case in rows for name in case.arguments}
    choices = {(name, choice) for name, p in OPS[op].parameters.items() for choice in p.choices}
    seen = {
        (name, c) for case in rows for name, v in case.arguments.items() for c in (v if isinstance(v, list) else [v]) if isinstance(c, str)
    }
    for name, parameter in OPS[op].parameters.items():
        seen |= {(name, choice) for choice in (parameter.default if isinstance(parameter.default, list) else [parameter.default])}
    assert not set(STANDARD[op]["options"]) - used
    assert not choices - seen


def _requirements() -> dict[tuple[str, int], str]:
    """All calls of ``require`` in the operator table by file and line."""
    found = {}
    for path in OPERATORS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "require":
                found |= {
                    (path.name, line): f"{path.name}:{node.lineno} {ast.unparse(node)}"
                    for line in range(node.lineno, (node.end_lineno or 0) + 1)
                }
    return found


def _failed(error: BaseException) -> tuple[str, int]:
    """The file and line of the ``require`` that raised first."""
    while error.__context__ is not None:
        error = error.__context__
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    callers = [(Path(code.co_filename).name, line) for code, line in frames[:-1]]
    return callers[-1] if frames[-1][0].co_name == "require" else ("", 0)


def test_every_rule_has_a_row_that_breaks_it() -> None:
    requirements = _requirements()
    broken = set()
    for case in REFUSED:
        with pytest.raises(ValidationError) as raised:
            case.call(GraphBuilder())
        broken.add(requirements.get(_failed(raised.value), ""))
    assert not set(requirements.values()) - broken

"""The target for every browser: made of the standard's tables, and what it does to graphs."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.targets import coreml, standard
from tests.targets.cases import CASES as GRAPHS
from tests.targets.cases import Build
from tests.targets.flat import flat
from tests.targets.standard import ABOUT, CHROMIUM_FILE, PORTABLE_FILE, facts, portable, required_by
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph, Operand
from webnn_graph.ops import OPS
from webnn_graph.runtimes import reference
from webnn_graph.targets import CHROMIUM, PORTABLE, Target, legalize, load_target
from webnn_graph.targets.check import check
from webnn_graph.targets.target import EXPAND, ORIGIN, described, read_target
from webnn_graph.targets.violations import of_graph
from webnn_graph.validation import validate

TARGET = load_target(PORTABLE)
LACKING: set[str] = set()
"""Operators of the standard that Chromium lacks, and `portable` therefore, too."""
FLOATS, INTEGERS = "float32 float16", "float32 float16 int32"
SLACK = 32
"""How many times a row's tolerance a replacement may differ: it rounds after each of its steps."""


# -------------------------------------------------------------------------------------------------------------- the tables
def test_the_file_is_what_the_standard_and_the_measured_browser_say() -> None:
    made = described(portable(), implementation=ABOUT)
    assert PORTABLE_FILE.read_text("utf-8") == made, "python -m tests.targets.standard writes it anew"


def test_every_operator_of_the_standard_has_its_row() -> None:
    for op, fact in facts()["operators"].items():
        assert set(fact["required"]) == set(fact["operands"]), op
        assert op in LACKING or set(fact["required"]) <= set(TARGET.limits[op]), op
    assert set(OPS) - set(TARGET.limits) == LACKING


def test_an_operator_that_the_browser_lacks_is_not_portable(monkeypatch: pytest.MonkeyPatch) -> None:
    made, more = portable(), facts()
    more["operators"]["cbrt"] = more["operators"]["ceil"]
    monkeypatch.setattr(standard, "facts", lambda: more)
    assert portable() == made


KNOWN = {
    ("argMax", "input"): (INTEGERS, [1, 5]),
    ("batchNormalization", "input"): (FLOATS, [3, 5]),
    ("cast", "output"): ("float32 float16 int32 int8 uint8", [0, 5]),
    ("dequantizeLinear", "zeroPoint"): ("uint8 int8 int32", [0, 5]),
    ("gather", "indices"): ("int32", [0, 5]),
    ("gemm", "c"): (FLOATS, [0, 2]),
    ("lstm", "output2"): (FLOATS, [4, 4]),
    ("pad", "input"): (FLOATS, [0, 5]),
    ("scatterND", "updates"): (INTEGERS, [0, 5]),
    ("where", "condition"): ("uint8", [0, 5]),
}
"""Rows of the standard's tables of 2026-06-26, copied by hand."""


@pytest.mark.parametrize(("row", "expected"), KNOWN.items(), ids=map(".".join, KNOWN))
def test_required(row: tuple[str, str], expected: tuple[str, list[int]]) -> None:
    op, operand = row
    assert tuple(facts()["operators"][op]["required"][operand].values()) == expected


def test_the_tables_are_read_from_the_text_of_the_standard() -> None:
    text = """
    <table id=tensor-limits-x class='data' link-for="MLGraphBuilder/one(a, options), MLGraphBuilder/two(a, options)">
      <tr>
        <td>{{inputs}}'s [=list/items=]</td>
        <td>[=/any data type|any=]</td>
        <td>{{MLOperandDataType/"float32"}}, {{MLOperandDataType/"int32"}}</td>
        <td>[=/any rank|N=]</td>
        <td>0 to 5</td>
      </tr>
      <tr>
        <td>{{MLLstmOptions/bias}}</td><td>-</td><td>{{MLOperandDataType/"float32"}}</td><td>2</td><td>2</td>
      </tr>
      <tr>
        <td>*outputs[1]* if {{MLGruOptions/returnSequence}} is true</td><td>-</td><td>{{MLOperandDataType/"uint8"}}</td><td>4</td><td>4</td>
      </tr>
    </table>"""
    operands = {
        "inputs": {"types": "float32 int32", "ranks": [0, 5]},
        "bias": {"types": "float32", "ranks": [2, 2]},
        "output1": {"types": "uint8", "ranks": [4, 4]},
    }
    assert required_by(text) == {"one": operands, "two": operands}


LESS = set(
    "equal gather gatherND greater greaterOrEqual isInfinite isNaN lesser lesserOrEqual logicalAnd logicalOr "
    "logicalXor notEqual pow prelu scatterND".split()
)
"""Operators of which Chromium takes fewer ranks than the standard requires."""


def test_where_the_browser_takes_less_than_the_standard_requires() -> None:
    chromium = json.loads(CHROMIUM_FILE.read_text("utf-8"))
    known = facts()["operators"]
    assert set(known) - set(chromium) == LACKING
    less = set()
    for op, fact in ((op, fact) for op, fact in known.items() if op in chromium):
        for name, row in fact["required"].items():
            ranks = chromium[op][name]["rankRange"]
            assert set(row["types"].split()) <= set(chromium[op][name]["dataTypes"])
            if ranks["min"] > row["ranks"][0] or ranks["max"] < row["ranks"][1]:
                less.add(op)
    assert less == LESS


# -------------------------------------------------------------------------------------------------------------- legal graphs
@pytest.fixture(scope="module")
def coreml_like(tmp_path_factory: pytest.TempPathFactory) -> Target:
    path = tmp_path_factory.mktemp("targets") / "coreml.json"
    path.write_text(json.dumps(coreml.limits()))
    return load_target(str(path))


def fed(graph: Graph, feeds: dict[str, Array]) -> dict[str, Array]:
    """Values for a graph whose integers have become narrower."""
    return {x.name: feeds[x.name].astype(x.data_type.numpy) for x in graph.inputs}


def is_beyond_int32(values: Array) -> bool:
    return values.dtype.kind in "iu" and not (-(2**31) <= int(values.min()) <= int(values.max()) < 2**31)


@pytest.mark.parametrize("case", [case for case in CASES if not case.error], ids=str)
def test_row(case: Case) -> None:
    b = GraphBuilder(case.op)
    graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    if any(operand.data_type.bits == 4 for operand in (*graph.inputs, *graph.outputs)):
        with pytest.raises(ConversionError, match="4"):
            legalize(graph, TARGET)
        return
    legal = legalize(graph, TARGET)
    validate(legal)
    assert not list(of_graph(TARGET, legal))
    if any(is_beyond_int32(values) for values in (*case.feeds().values(), *reference.run(graph, case.feeds()).values())):
        assert any("values beyond that differ" in note or "instead of" in note for note in legal.notes)
        return
    results = reference.run(legal, fed(legal, case.feeds())).values()
    case.compare([values.astype(right.data_type.numpy) for values, right in zip(results, case.gives, strict=True)], slack=SLACK)


@pytest.mark.parametrize("build", GRAPHS.values(), ids=GRAPHS)
def test_graph(build: Build, coreml_like: Target) -> None:
    graph = flat(build)
    inputs = seeded(graph.inputs)
    expected = reference.run(graph, inputs)
    for target in (TARGET, coreml_like):
        if any(not is_taken(target, x) for x in (*graph.inputs, *graph.outputs)):
            continue
        legal = legalize(graph, target)
        validate(legal)
        assert not list(of_graph(target, legal))
        for name, values in reference.run(legal, fed(legal, inputs)).items():
            right = expected[name]
            np.testing.assert_allclose(values.astype(right.dtype), right, rtol=1e-4, atol=1e-6)


def is_taken(target: Target, operand: Operand) -> bool:
    return operand.data_type.bits > 8 or operand.data_type in target.limits["input"]["dataTypes"]


# ------------------------------------------------------------------------------------------------------------------ integers
def tokens(b: GraphBuilder) -> Operand:
    return b.input("ids", "int64", [2, 8])


def table(b: GraphBuilder) -> Operand:
    return b.constant(np.random.default_rng(0).standard_normal((16, 4)).astype(np.float32), name="table")


PROVEN: dict[str, Callable[[GraphBuilder], Operand]] = {
    "indices": lambda b: b.gather(table(b), tokens(b)),
    "constant": lambda b: b.gather(table(b), b.constant(np.array([3, -1], np.int64))),
    "largest": lambda b: b.argMax(b.input("x", "float32", [2, 5]), 1, outputDataType="int64"),
    "mask": lambda b: b.cumulativeSum(b.cast(b.notEqual(tokens(b), 0), "int64"), 1),
    "length": lambda b: b.reduceSum(b.cast(b.greater(tokens(b), 0), "int64"), axes=[1]),
    "unsigned": lambda b: b.cast(b.cast(b.input("small", "uint8", [4]), "uint32"), "float32"),
}
UNPROVEN: dict[str, Callable[[GraphBuilder], Operand]] = {
    "hash": lambda b: b.mul(tokens(b), 4096),
    "sum": lambda b: b.cast(b.cumulativeSum(b.input("many", "int64", [2, 4096]), 1), "float32"),
    "of a float": lambda b: b.cast(b.input("x", "float32", [2, 5]), "int64"),
    "unsigned": lambda b: b.cast(b.sub(b.input("count", "uint32", [4]), 1), "float32"),
}


@pytest.mark.parametrize("build", PROVEN.values(), ids=PROVEN)
def test_integers_that_fit_become_int32_without_a_word(build: Callable[[GraphBuilder], Operand]) -> None:
    b = GraphBuilder()
    legal = legalize(b.build({"y": build(b)}), TARGET, exact=True)
    assert not any("differ" in note for note in legal.notes)
    assert all(operand.data_type in TARGET.limits["input"]["dataTypes"] for operand in legal.operands.values())


@pytest.mark.parametrize("build", UNPROVEN.values(), ids=UNPROVEN)
def test_integers_that_perhaps_do_not_fit_are_noted_or_refused(build: Callable[[GraphBuilder], Operand]) -> None:
    b = GraphBuilder()
    graph = b.build({"y": build(b)})
    assert any("as int32; values beyond that differ" in note for note in legalize(graph, TARGET).notes)
    with pytest.raises(ConversionError, match="as int32; values beyond that differ"):
        legalize(graph, TARGET, exact=True)


USUAL: dict[str, Callable[[GraphBuilder], Operand]] = {
    "positions": lambda b: b.gather(table(b), b.add(tokens(b), b.constant(np.arange(8)))),
    "mask": lambda b: b.sub(b.cumulativeSum(tokens(b), 1), 1),
}


@pytest.mark.parametrize("build", USUAL.values(), ids=USUAL)
def test_inputs_are_taken_to_be_usual_and_it_is_noted(build: Callable[[GraphBuilder], Operand]) -> None:
    b = GraphBuilder()
    legal = legalize(b.build({"y": build(b)}), TARGET, exact=True)
    assert "input ids is int32 instead of int64, for values of at most 1,048,576" in legal.notes


def test_the_changed_interface_is_noted() -> None:
    b = GraphBuilder()
    legal = legalize(b.build({"y": b.argMax(tokens(b), 1, outputDataType="int64")}), TARGET)
    assert legal.notes == ("input ids is int32 instead of int64", "output y is int32 instead of int64")
    assert {operand.data_type for operand in (*legal.inputs, *legal.outputs)} == {DataType.INT32}


def test_a_constant_beyond_int32_is_refused() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.equal(tokens(b), b.constant(np.full((8,), 2**40), name="far"))})
    with pytest.raises(ConversionError, match="constant far has values outside the range of int32"):
        legalize(graph, TARGET)


# --------------------------------------------------------------------------------------------------------------------- bytes
SMALL = {"maxTensorByteLength": 400, "constant": TARGET.limits["constant"] | {"maxByteLength": 100}}


def test_tensors_that_are_too_large_are_refused_with_their_size() -> None:
    target = Target("small", dict(TARGET.limits) | SMALL, CHROMIUM)
    b = GraphBuilder()
    x, weights = b.input("x", "float32", [200]), b.constant(np.zeros(50, np.float32), name="weights")
    grown = b.reduceSum(b.expand(b.input("s", "float32", [101, 1]), [101, 2]), axes=[0])
    graph = b.build({"y": b.slice(x, [0], [10]), "grown": grown, "w": b.add(weights, b.input("t", "float32", [50]))})
    with pytest.raises(ConversionError) as raised:
        legalize(graph, target)
    assert raised.value.message.splitlines()[1:] == [
        "  input x has 800 bytes, the target takes up to 400 bytes",
        "  input s has 404 bytes, the target takes up to 400 bytes",
        "  expand expand_0: input has 404 bytes, the target takes up to 400 bytes",
        "  reduceSum grown: input has 808 bytes, the target takes up to 400 bytes",
        "  slice y: input has 800 bytes, the target takes up to 400 bytes",
    ]
    assert {(f.operator, f.violation.what) for f in check(graph, target).findings if not f.mended} >= {
        ("input", "800 bytes"),
        ("expand", "808 bytes"),
    }


@pytest.mark.parametrize("target", [CHROMIUM, PORTABLE])
def test_constants_that_the_browser_does_not_build_are_cut(target: str) -> None:
    limit = 134_217_728
    b = GraphBuilder()
    large = np.broadcast_to(np.float32(1), (limit // 4 + 1, 1))
    legal = legalize(b.build({"y": b.gather(b.constant(large, name="large"), b.input("ids", "int32", [1]))}), load_target(target))
    assert [constant.nbytes <= limit for constant in legal.constants if constant.name.startswith("large")] == [True, True]


def test_a_constant_of_too_many_dimensions_is_stored_flat() -> None:
    b = GraphBuilder()
    weights = b.constant(np.arange(256, dtype=np.float32).reshape(2, 2, 2, 2, 2, 2, 2, 2), name="weights")
    x = b.reshape(b.input("x", "float32", [256]), [2] * 8)
    graph = b.build({"y": b.reshape(b.mul(x, weights), [256])})
    legal = legalize(graph, read_target(PORTABLE_FILE))
    assert [constant.rank for constant in legal.constants] == [1]
    assert max(operand.rank for operand in legal.operands.values()) <= 5


def test_what_a_file_says_besides_is_no_operator() -> None:
    assert not {*ORIGIN, EXPAND} & set(OPS)
    assert load_target(CHROMIUM).has("expand")

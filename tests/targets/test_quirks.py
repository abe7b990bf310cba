"""Each known fault of an implementation: that its rewrite mends it without changing the meaning, and that the fault is still there."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import pytest

from tests.backends.backends import Rustnn
from tests.backends.fuzzing import verdict
from tests.backends.judging import Case
from tests.formats.pywebnn_module import computed
from tests.ops.cases import CASES as ROWS
from tests.targets.cases import CASES, by_its_largest
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError, ExecutionError
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import CHROMIUM, PORTABLE, PYWEBNN, RUSTNN, Target, legalize, load_target, refused
from webnn_graph.targets.legalize import QUIRKS, faults
from webnn_graph.targets.quirk import Quirk, Table, always
from webnn_graph.targets.rustnn import loader
from webnn_graph.targets.violations import of_graph

TABLES = {CHROMIUM: QUIRKS[CHROMIUM], RUSTNN: QUIRKS[RUSTNN], PYWEBNN: QUIRKS[PYWEBNN], "": refused.REFUSED}
"""The quirks of each implementation, and the exact forms of what limits refuse, which every target has."""
EVERY = [(name, quirk) for name, table in TABLES.items() for quirk in table]
OF_BROWSERS = [quirk for name, quirk in EVERY if name not in (RUSTNN, PYWEBNN)]


def id_of(row: object) -> str:
    return row.name if isinstance(row, Quirk) else str(row)


def target_of(name: str) -> Target:
    return load_target(name or CHROMIUM)


def probe(quirk: Quirk) -> Graph:
    b = GraphBuilder(quirk.name)
    return b.build(quirk.probe(b))


def found(graph: Graph, target: Target) -> set[str]:
    """The names of the quirks that the graph has."""
    return {quirk.name for slow in (False, True) for _, quirk in faults(graph, target, slow=slow)}


def check(quirk: Quirk, graph: Graph, legal: Graph, target: Target) -> None:
    """An assertion fails when the legalized graph of a quirk's probe is not what it should be."""
    if quirk.rewrite is None:
        assert quirk.why in legal.notes
    else:
        assert not found(legal, target)
        assert has_four_bits(legal) == has_four_bits(graph)


def has_four_bits(graph: Graph) -> bool:
    """Whether the graph has weights of 4 bits, which should not become bytes."""
    return any(operand.data_type.bits == 4 for operand in graph.constants)


@pytest.mark.parametrize(("name", "quirk"), EVERY, ids=id_of)
def test_the_probe_has_it(name: str, quirk: Quirk) -> None:
    graph, target = probe(quirk), target_of(name)
    assert quirk.name in found(graph, target) if name else [*of_graph(target, graph)]


@pytest.mark.parametrize(("name", "quirk"), EVERY, ids=id_of)
def test_the_rewrite_mends_it_and_means_the_same(name: str, quirk: Quirk) -> None:
    graph = probe(quirk)
    legal = legalize(graph, target_of(name), exact=True)
    check(quirk, graph, legal, target_of(name))
    inputs = seeded(graph.inputs)
    for output, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(reference.run(legal, inputs)[output], expected, rtol=0, atol=2e-5 if quirk.rounds else 0)


@pytest.mark.parametrize(("name", "quirk"), EVERY, ids=id_of)
def test_nothing_else_mends_it(name: str, quirk: Quirk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its row the test before fails."""
    graph, target = probe(quirk), target_of(name)
    rest = Table(other for other in TABLES[name] if other is not quirk)
    with pytest.raises((AssertionError, ConversionError)):
        with monkeypatch.context() as without:
            without.setitem(QUIRKS, name, rest) if name else without.setattr(refused, "REFUSED", rest)
            legal = legalize(graph, target, exact=True)
        check(quirk, graph, legal, target)


# ------------------------------------------------------------------------------------------------------------ all other graphs
def graphs() -> dict[str, Graph]:
    """Each case of a target, and each row of an operator."""
    made = {}
    for name, build in CASES.items():
        b = GraphBuilder()
        made[name] = b.build(build(b))
    for i, row in enumerate(row for row in ROWS if not row.error):
        b = GraphBuilder(row.op)
        made[f"{row} {i}"] = b.build({f"result_{j}": operand for j, operand in enumerate(row.call(b))})
    return made


@pytest.mark.parametrize("name", [CHROMIUM, PORTABLE, RUSTNN, PYWEBNN])
def test_a_legal_graph_has_none(name: str) -> None:
    target = load_target(name)
    unmended = {quirk.name for quirk in QUIRKS[target.quirks] if quirk.rewrite is None}
    for title, graph in graphs().items():
        try:
            legal = legalize(graph, target)
        except ConversionError:
            continue  # of types that the target lacks; tests of them say which
        assert found(legal, target) <= unmended, title


def test_long_and_forked_paths_are_followed_once() -> None:
    b = GraphBuilder()
    x = b.input("x", "int8", [2])
    for _ in range(1200):
        x = b.reverse(x)
        x = b.pad(b.slice(x, [0], [1]), [0], [1])
    for _ in range(40):
        x = b.slice(b.concat([x, b.reverse(x)], 0), [1], [2])
    legalize(b.build({"y": x}), load_target())


# ----------------------------------------------------------------------------------------------------------------- divisors
def special(b: GraphBuilder, divisor: Operand, *values: int) -> Operand:
    """Whether the divisor is one of the values."""
    found = [b.equal(divisor, value) for value in values]
    return reduce(b.logicalOr, found)


def row(b: GraphBuilder, divisor: Operand, shape: list[int]) -> Operand:
    return b.reshape(b.slice(divisor, [0, 0], [1, 2]), shape)


DIVISORS: dict[str, tuple[Callable[[GraphBuilder, Operand], Operand], bool]] = {
    "unknown": (lambda b, d: d, False),
    "replaced": (lambda b, d: b.where(special(b, d, 0, -1), 1, d), True),
    "replaced in another shape": (lambda b, d: b.where(b.reshape(special(b, b.reshape(d, [4]), -1, 0), [2, 2]), 1, d), True),
    "replaced, then in another shape": (
        lambda b, d: b.expand(b.reshape(b.where(special(b, d, 0, 5, -1), 1, d), [1, 2, 2]), [2, 2, 2]),
        True,
    ),
    "replaced but for -1": (lambda b, d: b.where(special(b, d, 0), 1, d), False),
    "replaced by another number": (lambda b, d: b.where(special(b, d, 0, -1), 0, d), False),
    "another one is replaced": (lambda b, d: b.where(special(b, b.neg(d), 0, -1), 1, d), False),
    "replaced at other places": (lambda b, d: b.where(special(b, row(b, d, [1, 2]), 0, -1), 1, row(b, d, [2, 1])), False),
    "a chain of conditions": (lambda b, d: b.where(reduce(b.logicalOr, [special(b, d, i) for i in range(-1100, 1)]), 1, d), True),
}


@pytest.mark.parametrize(("divisor", "sure"), DIVISORS.values(), ids=DIVISORS)
def test_a_division_by_what_is_harmless_stays(divisor: Callable[[GraphBuilder, Operand], Operand], sure: bool) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.div(b.input("x", "int32", [2, 2]), divisor(b, b.input("d", "int32", [2, 2])))})
    assert ("division of integers" not in found(graph, load_target())) == sure
    legal = legalize(graph, load_target())
    assert found(legal, load_target()) == set()
    for values in ([[0, -1], [2, 3]], [[5, 0], [-5, -1]]):
        inputs = {"x": np.array([[-(2**31), 7], [8, -9]], np.int32), "d": np.array(values, np.int32)}
        np.testing.assert_array_equal(reference.run(legal, inputs)["y"], reference.run(graph, inputs)["y"])


def test_an_image_by_a_number_that_is_made_of_it_stays() -> None:
    b = GraphBuilder()
    graph = b.build(by_its_largest(b))
    assert [node.op for node in legalize(graph, load_target()).nodes].count("neg") == 0
    assert "image that meets what is made of it" not in found(graph, load_target())


# ------------------------------------------------------------------------------------------------------------------- the tables
def quirk_of(name: str, *ops: str, **fields: object) -> Quirk:
    return Quirk(name, ops, fields.pop("applies", always), lambda b, call: call.input, "", lambda b: {}, **fields)


def test_a_table_refuses_two_of_one_name_and_one_that_is_never_tried() -> None:
    Table([quirk_of("one", "abs"), quirk_of("other", "neg")])
    with pytest.raises(ValueError, match="two quirks are called 'one'"):
        Table([quirk_of("one", "abs"), quirk_of("one", "neg")])
    with pytest.raises(ValueError, match="'other' is never tried for abs: 'one' always applies"):
        Table([quirk_of("one", "neg", "abs"), quirk_of("other", "abs")])
    Table([quirk_of("one", "abs", applies=lambda b, call: False), quirk_of("other", "abs")])


VERSIONS = ("", "146", "147.0.9", "148.0", "152.9.9", "153", "153.0.1")


@pytest.mark.parametrize(
    ("since", "until", "outside"),
    [("", "", ()), ("", "153", ("153", "153.0.1")), ("148", "", ("146", "147.0.9")), ("148", "153", ("146", "147.0.9", "153", "153.0.1"))],
)
def test_a_quirk_is_in_versions(since: str, until: str, outside: tuple[str, ...]) -> None:
    quirk = quirk_of("one", "abs", since=since, until=until)
    assert [version for version in VERSIONS if not quirk.is_in(version)] == list(outside)


# --------------------------------------------------------------------------------------------------------- the implementations
@pytest.mark.browser
@pytest.mark.parametrize("quirk", OF_BROWSERS, ids=id_of)
def test_the_browser_has_it_and_computes_what_is_rewritten(quirk: Quirk, browser: BrowserSession) -> None:
    graph, version = probe(quirk), browser.chromium.version
    case = Case(graph, seeded(graph.inputs))
    forms = (legalize(graph, load_target()), graph)
    legal, raw = (verdict(case, browser.run_each([(form, case.inputs)], expand=False)[0]) for form in forms)
    assert legal == ("", "")
    if quirk.varies:
        return  # this machine may show it or not
    if quirk.is_in(version) and not quirk.slow:
        assert raw[0], f"{quirk.name} is mended in {version}"
    else:
        assert not raw[0], f"{quirk.name} is in {version}, too: {raw[1]}"


@pytest.mark.rustnn
@pytest.mark.parametrize("quirk", [*QUIRKS[RUSTNN]], ids=id_of)
def test_rustnn_has_it_and_computes_what_is_rewritten(quirk: Quirk) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12 and later")
    graph = probe(quirk)
    case = Case(graph, seeded(graph.inputs))
    legal, raw = (verdict(case, Rustnn().run([(form, case)])[0]) for form in (legalize(graph, load_target(RUSTNN)), loader.readable(graph)))
    assert legal == ("", "") or quirk.rewrite is None
    assert raw[0], f"{quirk.name} is mended"


@pytest.mark.rustnn
@pytest.mark.parametrize("quirk", [*QUIRKS[PYWEBNN]], ids=id_of)
def test_pywebnn_has_it_and_computes_what_is_rewritten(quirk: Quirk) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12")
    graph = probe(quirk)
    inputs = seeded(graph.inputs)
    right = reference.run(graph, inputs)

    def check(form: Graph) -> None:
        made = computed(form, inputs)
        for name, expected in right.items():
            np.testing.assert_allclose(made[name], expected, rtol=1e-4, atol=1e-5)

    check(legalize(graph, load_target(PYWEBNN)))
    rest = Table(other for other in QUIRKS[PYWEBNN] if other is not quirk)
    with pytest.MonkeyPatch.context() as without, pytest.raises((AssertionError, ConversionError, ExecutionError)):
        without.setitem(QUIRKS, PYWEBNN, rest)
        check(legalize(graph, load_target(PYWEBNN)))

"""The largest and smallest of long rows, which are found in blocks, beside NumPy's stable sort."""

from __future__ import annotations

import numpy as np
import pytest

from converters.lowering.sorting import top
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import CHROMIUM, legalize, load_target

ROWS = {
    "a vocabulary": (49152, 64, True, "float32"),
    "one that no block size divides": (50257, 64, True, "float32"),
    "hardly long": (4097, 64, False, "float32"),
    "few of many": (30000, 5, True, "int32"),
    "two": (5000, 2, False, "float16"),
}
RANDOM = np.random.default_rng(0)


def graph(n: int, k: int, largest: bool, kind: str) -> Graph:
    b = GraphBuilder("top")
    values, indices = top(b, b.input("x", kind, (1, n)), k, 1, largest=largest)
    return b.build({"values": values, "indices": indices()})


def rows(n: int, kind: str) -> dict[str, Array]:
    """Rows of which no two are equal, many are, all are, and few are not."""
    lowest = -np.inf if kind != "int32" else np.iinfo(np.int32).min
    spread = RANDOM.permutation(n) if kind != "float16" else RANDOM.standard_normal(n)
    few = np.full(n, lowest)
    few[RANDOM.integers(0, n, 20)] = 1
    made = {"different": spread, "ties": np.round(RANDOM.standard_normal(n) * 3), "all equal": np.full(n, lowest), "few": few}
    if kind == "float32":
        made["hardly different"] = RANDOM.integers(-5, 5, n) * 2.0**-126
        made["far apart"] = RANDOM.choice([-np.inf, -3e38, 3e38], n)
    return {name: row.astype(kind)[None] for name, row in made.items()}


def right(row: Array, k: int, largest: bool) -> Array:
    key = row[0].astype(np.float64)
    return np.argsort(-key if largest else key, kind="stable")[:k]


@pytest.mark.parametrize("name", ROWS)
def test_the_first_in_order(name: str) -> None:
    n, k, largest, kind = ROWS[name]
    made = graph(n, k, largest, kind)
    for what, row in rows(n, kind).items():
        results = reference.run(made, {"x": row})
        places = right(row, k, largest)
        np.testing.assert_array_equal(results["indices"][0], places, err_msg=what)
        np.testing.assert_array_equal(results["values"][0], row[0][places], err_msg=what)


@pytest.mark.browser
def test_the_first_in_order_in_a_browser(browser: BrowserSession) -> None:
    n, k, largest, kind = ROWS["one that no block size divides"]
    with browser.load(legalize(graph(n, k, largest, kind), load_target(CHROMIUM))) as session:
        for what, row in rows(n, kind).items():
            indices = session.compute({"x": row})["indices"]
            np.testing.assert_array_equal(indices[0], right(row, k, largest), err_msg=what)

"""What integers can be: never less than they are, and narrow enough where models rely on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.ops.case import Case
from tests.ops.cases import CASES
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand
from webnn_graph.runtimes import reference
from webnn_graph.targets.bounds import bounds

INTEGERS = [case for case in CASES if not case.error and any(not result.data_type.is_float for result in case.gives)]


@pytest.mark.parametrize("case", INTEGERS, ids=str)
def test_results_lie_within_their_bounds(case: Case) -> None:
    b = GraphBuilder(case.op)
    graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    feeds = case.feeds()
    given = {x: (int(feeds[x.name].min()), int(feeds[x.name].max())) for x in graph.inputs if not x.data_type.is_float}
    found = bounds(graph, given)
    for output, values in zip(graph.outputs, reference.run(graph, feeds).values(), strict=True):
        if not output.data_type.is_float:
            low, high = found[output]
            assert low <= int(values.min())
            assert int(values.max()) <= high


IDS, MASK = (0, 30521), (0, 1)
NARROW = {
    "sum of a mask": (lambda b, ids, mask: b.reduceSum(mask, axes=[1]), (0, 128)),
    "positions": (lambda b, ids, mask: b.sub(b.cumulativeSum(mask, 1), 1), (-1, 127)),
    "first maximum": (lambda b, ids, mask: b.argMax(ids, 1, outputDataType="int64"), (0, 127)),
    "comparison": (lambda b, ids, mask: b.cast(b.equal(ids, 3), "int64"), (0, 1)),
    "choice": (lambda b, ids, mask: b.where(b.equal(mask, 0), b.constant(np.array(-100)), ids), (-100, 30521)),
    "offset": (lambda b, ids, mask: b.add(b.mul(ids, 4), b.constant(np.arange(128))), (0, 122211)),
    "moved": (lambda b, ids, mask: b.pad(b.transpose(b.slice(ids, [0, 3], [1, 8])), [1, 0], [0, 0], value=-1), (-1, 30521)),
    "quotient": (lambda b, ids, mask: b.div(ids, b.constant(np.array(64))), (0, 30521)),
    "power": (lambda b, ids, mask: b.pow(b.sub(b.cast(mask, "int32"), 3), b.constant(np.array(3, np.int32))), (-27, 27)),
    "between": (lambda b, ids, mask: b.clamp(b.neg(ids), minValue=-8, maxValue=-1), (-8, -1)),
    "beyond the type": (lambda b, ids, mask: b.mul(b.mul(ids, 2**40), 2**20), (-(2**63), 2**63 - 1)),
    "of a float": (lambda b, ids, mask: b.cast(b.cast(ids, "float32"), "int64"), (-(2**63), 2**63 - 1)),
}


@pytest.mark.parametrize(("build", "expected"), NARROW.values(), ids=NARROW)
def test_what_models_compute_of_tokens_is_known(build: Callable[..., Operand], expected: tuple[int, int]) -> None:
    b = GraphBuilder()
    ids, mask = b.input("ids", "int64", [1, 128]), b.input("mask", "int64", [1, 128])
    graph = b.build({"y": build(b, ids, mask)})
    found = bounds(graph, {x: IDS if x.name == "ids" else MASK for x in graph.inputs})
    assert found[graph.outputs[0]] == expected

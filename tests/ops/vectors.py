"""Vectors of the standard's test suite: graphs, what they are given, and what must come of it.

`stored` are those of ``tests/data/webnn_vectors.jsonl.xz``, whose source and licence ``tests/data/README.md`` names.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tests.ops.case import Tensor
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph, Operand

FILE = Path(__file__).parents[1] / "data" / "webnn_vectors.jsonl.xz"
Build: TypeAlias = Callable[..., dict[str, Operand]]
Run: TypeAlias = Callable[[Graph, dict[str, Array]], Mapping[str, Array]]
SLACK = 32
"""How many times a vector's tolerance a browser or rustnn may differ, whose backends sum their own way."""
WIDEST = 8400
"""The largest number of representable numbers that the suite itself allows; with more, any float16 would do."""


@dataclass(frozen=True)
class Vector:
    """One graph of the suite.

    Attributes:
        name: The suite's file and what this one is about.
        build: Takes a builder and the operands by name; returns the outputs.
        inputs: What the operands are.
        expected: What the outputs must be.
        ulp: By how many representable numbers they may differ; without any, signs of zeros count, too.
        atol: By how much they may differ, instead.
        constants: Operands that are constants in the suite, always or in one of its variants.
    """

    name: str
    build: Build
    inputs: Mapping[str, Tensor]
    expected: Mapping[str, Tensor]
    ulp: int = 0
    constants: tuple[str, ...] = ()
    atol: float = 0

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> str:
        """The suite's file."""
        return self.name.split()[0]


def stored() -> list[Vector]:
    """The vectors of the file, each of one call."""
    return [_vector(**json.loads(line)) for line in lzma.decompress(FILE.read_bytes()).splitlines()]


def _vector(op: str, name: str, arguments: Any, inputs: Any, expected: Any, constants: Any = (), ulp: int = 0, atol: float = 0) -> Vector:
    given, made = ({name: _tensor(*tensor) for name, tensor in tensors.items()} for tensors in (inputs, expected))
    return Vector(f"{op} {name}", partial(_call, op, arguments, list(made)), given, made, ulp, tuple(constants), atol)


def _tensor(data_type: str, shape: list[int], values: list[float]) -> Tensor:
    return Tensor(DataType(data_type), tuple(shape), values[0] if len(values) == 1 else np.reshape(values, shape))


def _call(op: str, arguments: Mapping[str, Any], outputs: list[str], b: GraphBuilder, **operands: Operand) -> dict[str, Operand]:
    """The call of an operator: in its arguments, names of operands stand for them."""
    lists = {name: [operands[item] for item in value] for name, value in arguments.items() if name == "inputs"}
    single = {name: operands[value] if isinstance(value, str) and value in operands else value for name, value in arguments.items()}
    made = b.call(op, **single | lists)
    return dict(zip(outputs, made if isinstance(made, list) else [made], strict=True))


def problem(vectors: list[Vector], run: Run, *, constants: bool, slack: int = 1) -> str:
    """What is wrong when ``run`` computes the vectors in one graph, and with which of them; empty when nothing is."""

    def wrong(some: list[Vector]) -> str:
        try:
            check(some, run, constants=constants, slack=slack)
        except (WebNNError, AssertionError) as error:
            return " ".join(str(error).split())
        return ""

    together = wrong(vectors)
    alone = [f"{vector}: {why}" for vector in vectors if (why := wrong([vector]))] if together else []
    return "\n".join(alone) or (together and f"only in one graph with each other: {together}")


def check(vectors: list[Vector], run: Run, *, constants: bool, slack: int = 1) -> None:
    """Asserts that ``run`` computes what the suite expects in one graph, with inputs or with constants in their place."""
    b = GraphBuilder()
    fed: list[Array] = []
    outputs: dict[str, Operand] = {}
    for i, vector in enumerate(vectors):
        made = {}
        for name, tensor in vector.inputs.items():
            array, unique = tensor.array(""), f"{name}{i}"
            if constants and name in vector.constants:
                made[name] = b.constant(array, tensor.data_type, unique)
            else:
                made[name] = b.input(unique, tensor.data_type, tensor.shape)
                fed.append(array)
        outputs |= {f"{name}_{i}": operand for name, operand in vector.build(b, **made).items()}
    graph = b.build(outputs)
    computed = run(graph, {operand.name: array for operand, array in zip(graph.inputs, fed, strict=True)})
    expected = [(vector, tensor) for vector in vectors for tensor in vector.expected.values()]
    for (vector, tensor), operand in zip(expected, graph.outputs, strict=True):
        array = computed[operand.name]
        assert operand.data_type == tensor.data_type, vector
        assert array.shape == tensor.shape, vector
        same(array, tensor.array(""), min(vector.ulp * slack, WIDEST), vector.atol * slack)


def same(computed: Array, expected: Array, ulp: int, atol: float = 0) -> None:
    """Asserts that at most ``ulp`` representable numbers or ``atol`` lie between them; without any, that even zeros have the same sign."""
    np.testing.assert_array_equal(np.isnan(computed), np.isnan(expected))
    there = ~np.isnan(expected)
    if atol:
        np.testing.assert_allclose(computed[there], expected[there], 0, atol)
    elif ulp:
        np.testing.assert_array_max_ulp(computed[there], expected[there], ulp)
    else:
        np.testing.assert_array_equal(computed[there], expected[there])
        np.testing.assert_array_equal(np.signbit(computed[there]), np.signbit(expected[there]))

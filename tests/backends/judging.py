"""Whether what a back end computed is the graph's result, up to the rounding of each call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tests.fuzz.graphs import part
from webnn_graph import Graph
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import OPS, evaluate
from webnn_graph.ops.windows import nchw_shape
from webnn_graph.runtimes import reference

RUNS = 8
"""How often a graph is computed with its results disturbed."""
ROUNDING = {DataType.FLOAT32: 1e-6, DataType.FLOAT16: 1.2e-3}
"""How far a call of a back end is from the reference, in proportion."""
SLACK = 30
"""How many times the largest effect of such disturbances is not yet a fault."""
CANCELLING = ("convolution", "matrix", "normalization", "recurrent", "elu", "gelu", "softplus")
"""Kinds of operators, and operators, whose results are what remains of larger terms."""
LARGEST = 1e4
"""Floats beyond this are not compared."""
SMALLEST = 1e-37
"""Nor are those below this, which some implementations take for 0."""


@dataclass(frozen=True)
class Case:
    """A graph and values for its inputs."""

    graph: Graph
    inputs: Mapping[str, Array]

    @cached_property
    def values(self) -> dict[Operand, Array]:
        """Every operand's, as the reference runtime computes it."""
        given = {operand: self.inputs[operand.name] for operand in self.graph.inputs}
        return {**self.graph.constants, **given, **dict(reference.values(self.graph, self.inputs))}

    def part(self, nodes: Sequence[Node], outputs: Sequence[Operand]) -> Case:
        """Some of the calls by themselves, as far as the outputs need them, on the values that they get here."""
        smaller = part(self.graph, nodes, outputs)
        return Case(smaller, {operand.name: self.values[operand] for operand in smaller.inputs})

    @cached_property
    def is_sound(self) -> bool:
        """Whether every result on the way is a number, and every conversion has one: elsewhere implementations may differ."""
        floats = [array for array in self.values.values() if array.dtype.kind == "f"]
        if not all(np.isfinite(array).all() and np.abs(array).max(initial=0) < LARGEST for array in floats):
            return False
        if any((np.abs(array[array != 0]) < SMALLEST).any() for array in floats if array.dtype == np.float32):
            return False
        return not any(_is_lossy(node, self.values) for node in self.graph.nodes)

    @cached_property
    def largest_integer(self) -> int:
        """The largest integer on the way, without its sign."""
        integers = [array for array in self.values.values() if array.dtype.kind in "iu"]
        return max((max(int(array.max(initial=0)), -int(array.min(initial=0))) for array in integers), default=0)

    @cached_property
    def tolerance(self) -> dict[str, Array]:
        """How far each element of each output may be from the reference; infinite where rounding decides about an integer."""
        allowed = {operand.name: np.zeros(operand.shape) for operand in self.graph.outputs}
        random = np.random.default_rng(0)
        for run in range(RUNS):
            disturbed = self._disturbed(random, (1, -1)[run : run + 1] or (-1, 0, 1))
            for operand in self.graph.outputs:
                with np.errstate(invalid="ignore"):  # of infinities
                    moved = np.abs(disturbed[operand].astype(np.float64) - self.values[operand].astype(np.float64))
                allowed[operand.name] = np.maximum(allowed[operand.name], np.nan_to_num(moved, nan=np.inf))
        for operand in self.graph.outputs:
            moved = allowed[operand.name]
            if not operand.data_type.is_float:
                allowed[operand.name] = np.where(moved > 0, np.inf, 0)
                continue
            size = np.abs(self.values[operand].astype(np.float64))
            usual = ROUNDING[operand.data_type] * (size + np.sqrt(np.mean(size**2)))
            allowed[operand.name] = SLACK * (moved + usual) + 1e-6
        return allowed

    def differs(self, computed: Mapping[str, Array]) -> str:
        """How the outputs differ from the reference; empty when they do not."""
        for operand in self.graph.outputs:
            got, right = computed[operand.name], self.values[operand]
            if got.shape != right.shape or got.dtype != right.dtype:
                return f"{operand.name} is {got.dtype}{list(got.shape)} instead of {right.dtype}{list(right.shape)}"
            wide, exact = got.astype(np.float64), right.astype(np.float64)
            with np.errstate(invalid="ignore"):
                away = np.where((wide == exact) | (np.isnan(wide) & np.isnan(exact)), 0, np.abs(wide - exact))
            beyond = ~(away <= self.tolerance[operand.name])
            if beyond.any():
                where = np.unravel_index(int(np.argmax(np.where(beyond, np.nan_to_num(away, nan=np.inf), -1))), away.shape)
                place = list(map(int, where))
                return f"{operand.name}: {int(beyond.sum())} of {beyond.size} elements; {got[where]} instead of {right[where]} at {place}"
        return ""

    def _disturbed(self, random: np.random.Generator, steps: Sequence[int]) -> dict[Operand, Array]:
        """Every result when each is off by its rounding, and each quantized one by a step."""
        live: dict[Operand, Array] = {operand: _rounded(operand, array, random) for operand, array in self.graph.constants.items()}
        live |= {operand: _rounded(operand, self.inputs[operand.name], random) for operand in self.graph.inputs}
        for node in self.graph.nodes:
            for output, array in evaluate(node, live.__getitem__).items():
                live[output] = _off(node, output, array, random, steps)
        return live


def _off(node: Node, output: Operand, array: Array, random: np.random.Generator, steps: Sequence[int]) -> Array:
    """A result of a node off by its rounding, or by a step."""
    if not output.data_type.is_float and node.op in ("quantizeLinear", "resample2d"):
        return _stepped(output, array, random.choice(steps, array.shape))
    rounded = _rounded(output, array, random)
    if not output.data_type.is_float or not {node.op, OPS[node.op].category}.intersection(CANCELLING):
        return rounded
    lost = ROUNDING[output.data_type] * np.abs(array).mean() * random.standard_normal(array.shape)
    return (rounded + lost).astype(array.dtype)


def _rounded(operand: Operand, array: Array, random: np.random.Generator) -> Array:
    if not operand.data_type.is_float:
        return array
    wide = array.astype(np.float64)
    if (wide == np.rint(wide)).all():  # exponents and the like, which every implementation has exactly
        return array
    wide = wide * (1 + ROUNDING[operand.data_type] * random.standard_normal(array.shape))
    return wide.astype(array.dtype)


def _stepped(operand: Operand, array: Array, steps: Array) -> Array:
    return np.clip(array.astype(np.int64) + steps, *operand.data_type.range).astype(array.dtype)


def _is_lossy(node: Node, arrays: Mapping[Operand, Array]) -> bool:
    """Whether an integer cannot hold what is computed or is divided by 0, or a window lies outside its image."""
    if node.op.endswith("Pool2d"):
        return _has_empty_windows(node)
    if node.op == "cast" and node.operands[0].data_type.is_float and not node.output.data_type.is_float:
        low, high = node.output.data_type.range
        values = np.trunc(arrays[node.operands[0]].astype(np.float64))
        return not bool(((values >= low) & (values <= high)).all())
    if node.op == "quantizeLinear":
        x, scale = (arrays[operand].astype(np.float64) for operand in node.operands[:2])
        return not bool((np.abs(x).max() / np.abs(scale).min()) < 2**30)
    if node.op == "reduceProduct" and not node.output.data_type.is_float:
        axes = node.arguments.get("axes")
        product = np.prod(arrays[node.operands[0]].astype(np.float64), axis=None if axes is None else tuple(axes))
        return not bool((np.abs(product) <= node.output.data_type.range[1]).all())
    if node.op == "pow" and not node.output.data_type.is_float:
        base, exponent = (arrays[operand].astype(np.float64) for operand in node.operands)
        return bool((exponent < 0).any()) or not bool((np.abs(np.power(base, exponent)) <= node.output.data_type.range[1]).all())
    if node.op == "div" and not node.output.data_type.is_float:
        x, divisor = (arrays[operand].astype(np.float64) for operand in node.operands)
        return not bool(divisor.all() and np.abs(x).max() < 2**24 and np.abs(divisor).max() < 2**24)  # beyond, notes say what differs
    return False


def _has_empty_windows(node: Node) -> bool:
    """Whether the last window along a dimension begins behind the image."""
    arguments = {name: node.arguments.get(name, parameter.default) for name, parameter in OPS[node.op].parameters.items()}
    image, made = (nchw_shape(operand.shape, arguments["layout"])[2:] for operand in (node.operands[0], node.output))
    before, strides = arguments["padding"][::2], arguments["strides"]
    return any((n - 1) * step >= size + pad for n, size, pad, step in zip(made, image, before, strides, strict=True))

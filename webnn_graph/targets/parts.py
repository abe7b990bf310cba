"""Constants that are larger than a target takes, as several that it does.

A constant is cut along the axis that suits its readers best, and all of them read the same parts: a table that is tied, of
which an embedding gathers rows and by which a projection multiplies, stays one copy. The parts are views. What nothing better
is known for reads the parts joined, which the target then does at each dispatch.

Constants are cut as well when what is computed of them alone is too large, as dequantizeLinear does it: where that is done once,
when the model is loaded, the result is one more constant.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Node, Operand, map_arguments, map_operands
from webnn_graph.ops import OPS, Trait
from webnn_graph.targets.call import Call
from webnn_graph.targets.forms.parts import JOINED, READERS, Parts, within
from webnn_graph.targets.target import Target
from webnn_graph.weight import Weight
from webnn_graph.wording import size

MOST_GROWTH = 8
"""How much larger a tensor can be than the constant that it is computed of element by element: 4 bits become 32."""
MOST_PARTS = 1024
"""Parts of a constant; for more it is refused."""
STILL = ("cast", "reshape", "transpose")
"""Operators after which a constant stays what it was; nobody computes them once for all."""


def in_parts(graph: Graph, target: Target) -> Graph:
    """The same graph with parts in the place of the constants that are larger than the target takes, of all that can be cut.

    Names stay, and each part has its constant's with a number. Notes say which were cut.
    """
    most = target.most_bytes("constant")
    cuts = _Readers(graph).cuts(most) if any(MOST_GROWTH * constant.nbytes > most for constant in graph.constants) else {}
    return _Replay(graph, cuts, most).graph() if cuts else graph


@dataclass(frozen=True)
class _Step:
    """A call on a tensor of constants that may be cut.

    Attributes:
        node: The call.
        operand: What it reads.
        axis: Of the operand, where it is cut.
        result_axis: Of the result, which is made part by part; None where that cannot be.
    """

    node: Node
    operand: Operand
    axis: int
    result_axis: int | None

    @property
    def cost(self) -> int:
        """See `READERS`."""
        if self.result_axis is not None:
            return 0
        return min(axes.get(self.axis, JOINED) for axes in self._axes) if self.node.op in READERS else JOINED

    @property
    def _axes(self) -> Iterator[Mapping[int, int]]:
        call = Call(self.node.op, self.node.arguments, self.node.outputs)
        return (READERS[call.op].axes(call, name) for name, value in call.arguments.items() if value is self.operand)

    @property
    def grain(self) -> int:
        """What the bounds of parts must be multiples of."""
        if self.result_axis is None or "scale" not in self.node.arguments:
            return 1
        blocks = self.node.arguments["scale"].shape[self.axis]
        return 1 if blocks == 1 else int(self.operand.shape[self.axis] // blocks)

    @property
    def bytes(self) -> int:
        """Those of the result, when it could be one more constant."""
        return 0 if self.result_axis is None or self.node.op in STILL else self.node.outputs[0].nbytes


class _Readers:
    """What reads the constants of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes: dict[Operand, list[Node]] = {}
        self._known = set(graph.constants)
        for node in graph.nodes:
            for operand in dict.fromkeys(node.operands):
                self._nodes.setdefault(operand, []).append(node)
            if self._known.issuperset(node.operands):
                self._known.update(node.outputs)

    def cuts(self, most: float) -> dict[Operand, Parts]:
        """Where constants are cut so that no tensor that is made of constants alone has more bytes; the parts are still to be made."""
        cuts = {}
        for constant in self._graph.constants:
            if MOST_GROWTH * constant.nbytes > most:
                found = [cut for axis in range(constant.rank) if (cut := self._cut(constant, axis, most))]
                best = min(found, default=None, key=lambda cut: cut[0])
                if best is not None and (constant.nbytes > most or best[0] < JOINED):
                    cuts[constant] = best[1]
        return cuts

    def _cut(self, constant: Operand, axis: int, most: float) -> tuple[int, Parts] | None:
        """What it costs to cut a constant along an axis, and where; None when that does not help, or is not needed."""
        steps = self._steps(constant, axis)
        largest = max([constant.nbytes, *(step.bytes for step in steps)])
        grain, length = math.lcm(*(step.grain for step in steps)), constant.shape[axis]
        units = int(most * length / largest) // grain  # that a part has at most
        if largest <= most or not units:
            return None
        count = math.ceil(length / (units * grain))
        if count > MOST_PARTS:
            return None
        step = math.ceil(length / count / grain) * grain
        return sum(step.cost for step in steps), Parts(axis, (*range(0, length, step), length), ())

    def _steps(self, constant: Operand, axis: int) -> list[_Step]:
        """All calls that read a constant, or what is made of it part by part."""
        steps: dict[tuple[Node, Operand, int], _Step] = {}
        waiting = [(constant, axis)]
        while waiting:
            operand, axis = waiting.pop()
            for node in self._nodes.get(operand, ()):
                if (node, operand, axis) in steps:
                    continue
                result_axis = _result_axis(node, operand, axis) if self._known.issuperset(node.operands) else None
                steps[node, operand, axis] = _Step(node, operand, axis, result_axis)
                if result_axis is not None:
                    waiting.append((node.outputs[0], result_axis))
        return list(steps.values())


def _result_axis(node: Node, operand: Operand, axis: int) -> int | None:
    """The axis along which the result is cut when each part of an operand gives a part of it; None when it is not so."""
    shape = node.outputs[0].shape
    match node.op:
        case "transpose":
            permutation = node.arguments.get("permutation", range(operand.rank)[::-1])
            return list(permutation).index(axis)
        case "reshape":
            alike = (i for i in range(len(shape)) if math.prod(shape[:i]) == math.prod(operand.shape[:axis]))
            return next((i for i in alike if shape[i] == operand.shape[axis]), None)
        case "dequantizeLinear":
            return axis if operand is node.arguments["input"] else None
    return axis if Trait.ELEMENTWISE in OPS[node.op].traits and operand.shape == shape else None


class _Replay:
    """The graph built anew with parts of some constants."""

    def __init__(self, graph: Graph, cuts: Mapping[Operand, Parts], most: float) -> None:
        self._old = graph
        self._b = GraphBuilder(graph.name, Budget(math.inf), most)
        self._b.about(graph)
        self._new: dict[Operand, Operand] = {}
        self._parts: dict[Operand, Parts] = {}
        self._known = set(graph.constants)
        for operand in graph.inputs:
            self._new[operand] = self._b.input(operand.name, operand.data_type, operand.shape, operand.distribution)
        for operand, weight in graph.weights.items():
            if operand in cuts:
                self._parts[operand] = self._cut(operand, weight, cuts[operand])
            else:
                self._new[operand] = self._b.constant(weight, name=operand.name)
        self._note(most)

    def graph(self) -> Graph:
        for node in self._old.nodes:
            with self._b.source(node.label):
                self._make(node)
        return self._b.build({output.name: self._whole(output) for output in self._old.outputs})

    def _cut(self, operand: Operand, weight: Weight, cut: Parts) -> Parts:
        ahead = (slice(None),) * cut.axis
        parts = [
            self._b.constant(Weight(operand.data_type, weight.array[(*ahead, slice(*span))]), name=f"{operand.name}_{i}")
            for i, span in enumerate(cut.ranges)
        ]
        return Parts(cut.axis, cut.bounds, tuple(parts))

    def _note(self, most: float) -> None:
        for operand, parts in self._parts.items():
            self._b.note(
                f"constant {operand.name} ({size(operand.nbytes)}) is stored in {len(parts.operands)} parts: "
                f"the target takes up to {size(int(most))} of a constant"
            )

    def _make(self, node: Node) -> None:
        is_known = self._known.issuperset(node.operands)
        if is_known:
            self._known.update(node.outputs)
        for name, operand in node.arguments.items():
            if not isinstance(operand, Operand) or operand not in self._parts:
                continue
            parts = self._parts[operand]
            axis = _result_axis(node, operand, parts.axis) if is_known else None
            if axis is not None:
                self._parts[node.outputs[0]] = self._part_by_part(node, operand, axis)
                return
            arguments = {n: v if n == name else map_operands(v, self._whole) for n, v in node.arguments.items()}
            call = Call(node.op, arguments, node.outputs)
            reader = READERS.get(node.op)
            if reader and parts.axis in reader.axes(call, name):
                self._keep(node, [reader.read(self._b, call, name, parts)])
                return
        results = self._b.repeat(node, self._whole)
        self._keep(node, results if isinstance(results, list) else [results])

    def _keep(self, node: Node, results: Sequence[Operand]) -> None:
        for old, new in zip(node.outputs, results, strict=True):
            self._new[old] = new
            self._b.suggest(new, old.name)

    def _part_by_part(self, node: Node, operand: Operand, axis: int) -> Parts:
        """The parts of a result that come of an operand's."""
        parts, result = self._parts[operand], node.outputs[0]
        made = []
        for part, span in parts:

            def belonging(other: Operand, part: Operand = part, span: tuple[int, int] = span) -> Operand:
                return part if other is operand else within(self._b, self._whole(other), axis - result.rank, parts.size, span)

            arguments = map_arguments(node.arguments, belonging)
            if node.op == "reshape":
                arguments["newShape"] = list(result.resized(axis, span[1] - span[0]).shape)
            made.append(self._b.call(node.op, **arguments))
        return Parts(axis, parts.bounds, tuple(made))

    def _whole(self, operand: Operand) -> Operand:
        if operand not in self._new:
            parts = self._parts[operand]
            self._new[operand] = self._b.concat(list(parts.operands), parts.axis)
            self._b.suggest(self._new[operand], operand.name)
        return self._new[operand]

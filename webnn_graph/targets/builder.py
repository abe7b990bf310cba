"""`LegalBuilder`: a builder whose calls become others that a target takes and computes right."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import BYTES, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor, Graph, Node, Operand, map_arguments, operands_of
from webnn_graph.targets import four_bits, narrowing
from webnn_graph.targets.call import Call
from webnn_graph.targets.target import Target
from webnn_graph.targets.violations import of_call
from webnn_graph.weight import Weight

Step: TypeAlias = Callable[["LegalBuilder", Call], Any]
"""What stands for a call: an operand, a list of them, or None when this step has nothing to say about it."""

UNCHANGING = ("cast", "identity")
"""Operators that do nothing to an operand that is already what they give."""
MAX_DEPTH = 50
"""Replacements of replacements; more do not end."""
ENDLESS = "what stands for it needs itself"


def _kept(b: LegalBuilder, call: Call) -> None:
    """The step that leaves every call as it is."""


class LegalBuilder(GraphBuilder):
    """A `GraphBuilder` whose calls go through ``quirks`` and, if the target's limits refuse them, through the steps ``within_limits``.

    The first step that has something to say about a call replaces it. What a replacement calls goes the same way, so a step need
    not think of the others. A call that no step replaces is made if the target takes it.
    """

    def __init__(
        self, name: str, target: Target, budget: Budget, quirks: Step = _kept, within_limits: Sequence[Step] = (), *, exact: bool = False
    ) -> None:
        super().__init__(name, budget, target.most_bytes("constant"))
        self.target = target
        self.exact = exact
        self.narrow = narrowing.lacking(target)
        """Integer types that the target lacks, and what takes their place."""
        self._quirks = quirks
        self._within_limits = within_limits
        self._taken: set[Hashable] = set()
        self._depth = 0
        self._readers: dict[Operand, list[Node]] = {}

    def again(self, node: Node, new: Mapping[Operand, Operand]) -> Any:
        """A call of a graph on operands that stand for its own. Raises `ValidationError` as `call`."""
        arguments = narrowing.arguments(node, self.narrow)
        with self.source(node.label):
            if arguments is node.arguments or arguments == node.arguments:
                return self.repeat(node, new.__getitem__)
            return self.call(node.op, **map_arguments(arguments, new.__getitem__))

    def adopt(self, graph: Graph) -> None:
        """Takes the constants and nodes of a graph as they stand."""
        self._constants.update(graph.weights)
        self._known.update(graph.weights)
        for node in graph.nodes:
            self._add(node)

    def narrowing(self, op: str, data_type: DataType, narrow: DataType) -> None:
        """Says that an operator's integers are computed in a type that perhaps does not hold them.

        Raises:
            ValidationError: They must be exact.
        """
        text = f"{op} computes {data_type} as {narrow}; values beyond that differ"
        if self.exact:
            raise ValidationError(text)
        self.note(text)

    def narrowed(self, operand: Descriptor) -> DataType:
        """The type that takes the place of the operand's."""
        return self.narrow.get(operand.data_type, operand.data_type)

    def confined(self, op: str, result: Operand, wanted: Operand) -> Operand:
        """The result of a call of the graph, with the values that its own type could have where the operator saturates."""
        if op != "quantizeLinear":
            return result
        if wanted.data_type.is_unsigned and not result.data_type.is_unsigned:
            result = self.max(result, 0)
        return four_bits.confined(self, result, wanted.data_type)

    def weight(self, operand: Operand, weight: Weight) -> Operand:
        """A constant of the graph; one byte per element where the target lacks a 4-bit type, flat where it lacks the rank.

        Raises:
            ValidationError: The values do not fit into the type that takes the place of the constant's.
        """
        data_type = self.narrowed(operand)
        if not self.target.takes_type("constant", "", data_type):
            data_type = BYTES.get(data_type, data_type)
        if self.target.takes_rank("constant", "", operand.rank):
            return self.constant(weight, data_type, operand.name)
        flat = self.constant(weight.array.reshape(-1), data_type, operand.name)
        return self.reshape(flat, list(operand.shape))

    def _bound(self, op: str, args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        return four_bits.unified(self, op, super()._bound(op, args, options))

    def _checked(self, op: str, arguments: Mapping[str, Any], results: tuple[Descriptor, ...], label: str) -> Any:
        """The same by calls that the target takes.

        Raises:
            ValidationError: Nothing that the target takes stands for the call.
        """
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                raise ValidationError(ENDLESS)
            return self._legal(Call(op, arguments, results), label)
        finally:
            self._depth -= 1

    def _legal(self, call: Call, label: str) -> Any:
        if call.op in UNCHANGING and call.input.descriptor == call.result:
            return call.input
        replaced = self._quirks(self, call)
        if replaced is None and not self._is_taken(call):
            replaced = self._brought_within_limits(call)
        return super()._checked(call.op, call.arguments, call.results, label) if replaced is None else replaced

    def readers(self, operand: Operand) -> Sequence[Node]:
        """The calls that read an operand, so far."""
        return self._readers.get(operand, ())

    def is_plain(self, operand: Operand) -> bool:
        """Whether the operand is a constant itself, not an expression of constants."""
        return operand in self._constants

    def _copy(self, operand: Operand, result: Operand) -> Node:
        node = super()._copy(operand, result)
        if node.op == "identity" and not self.target.takes_type("identity", "input", operand.data_type):
            return Node("reshape", {"input": operand, "newShape": list(operand.shape)}, node.outputs, node.label)
        return node

    def _add(self, node: Node) -> None:
        super()._add(node)
        for operand in dict.fromkeys(node.operands):
            self._readers.setdefault(operand, []).append(node)

    def _is_taken(self, call: Call) -> bool:
        """Whether the target takes the call as it is, which is looked up once for calls on operands of the same types, ranks and sizes."""
        tensors = (*operands_of(call.arguments), *call.results)
        most = self.target.most_bytes()
        kind = call.op, *call.arguments, *[(tensor.data_type, tensor.rank, tensor.nbytes > most) for tensor in tensors]
        if kind not in self._taken and not any(of_call(self.target, call.op, call.arguments, call.results)):
            self._taken.add(kind)
        return kind in self._taken

    def _brought_within_limits(self, call: Call) -> Any:
        """What stands for a call that is beyond the target's limits; None when it may stay all the same."""
        for step in self._within_limits:
            replaced = step(self, call)
            if replaced is not None:
                return replaced
        ranks = call.op != "reshape"  # a shape of too many dimensions is gone when the reshape back meets this one
        for violation in of_call(self.target, call.op, call.arguments, call.results):
            if ranks or not violation.what.startswith("rank "):
                raise ValidationError(str(violation))
        return None

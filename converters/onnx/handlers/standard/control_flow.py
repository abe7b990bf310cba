"""Control flow: WebNN graphs have none, so branches are chosen or selected and loops are unrolled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from converters.lowering.branches import MAX_ITERATIONS, kind_of, selected
from converters.lowering.pieces import stack, unstack
from converters.onnx.axes import axis_of
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import SourceNode, Value, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.codes import Code
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

CONSTANT = "make the condition constant: --bind"


@onnx_op("If", how="the branch of a known condition; otherwise both branches and where", limits="their shapes must be equal")
def if_(
    b: GraphBuilder, cond: Operand, *, then_branch: onnx.GraphProto, else_branch: onnx.GraphProto, node: SourceNode
) -> tuple[Value, ...]:
    known = b.value(cond)
    if known is not None:
        return tuple(node.scope.run(then_branch if known.any() else else_branch, []))
    then, otherwise = node.scope.run(then_branch, []), node.scope.run(else_branch, [])
    condition = b.reshape(cond, [])
    return tuple(selected(b, condition, *both, "the branches of If give", CONSTANT) for both in zip(then, otherwise, strict=True))


@onnx_op(
    "Loop",
    how="unrolled; a condition computed at run time freezes the state with where (no scan outputs then)",
    limits="at most 1024 times",
)
def loop(
    b: GraphBuilder, M: Operand | None = None, cond: Operand | None = None, *v_initial: Value, body: onnx.GraphProto, node: SourceNode
) -> tuple[Value, ...]:
    trips = _known_trips(b, M)
    state: list[Value] = list(v_initial)
    scanned: list[list[Operand]] = [[] for _ in range(len(body.output) - 1 - len(state))]
    running = cond
    for i in range(MAX_ITERATIONS + 1 if trips is None else trips):
        known = None if running is None else b.value(running)
        decided = running is None or known is not None
        if known is not None and not known.any():
            break
        if i >= MAX_ITERATIONS:
            raise ConversionError(f"would run {trips or 'an unknown number of'} times; at most {MAX_ITERATIONS} iterations are unrolled")
        if not decided and (scanned or trips is None):
            problem = "scan outputs, whose size depends on the data" if scanned else "no trip count"
            raise ConversionError(
                f"ends on a condition that is computed at run time, and has {problem}",
                "make what it depends on constant: --bind",
                code=Code.DEPENDS_ON_DATA,
            )
        flag = b.constant(True) if running is None or decided else running
        continues, *results = node.scope.run(body, [b.constant(np.int64(i)), flag, *state])
        _check_tensors([continues, *results[len(state) :]])
        after, pieces = results[: len(state)], results[len(state) :]
        if decided:
            state, running = after, continues
        else:
            assert running is not None  # else it would be decided
            condition = b.reshape(running, [])
            state = [selected(b, condition, *both, "a Loop's state is", CONSTANT) for both in zip(after, state, strict=True)]
            running = b.logicalAnd(condition, b.reshape(continues, []))
        for collected, piece in zip(scanned, pieces, strict=True):
            collected.append(piece)
    outputs = body.output[1 + len(state) :]
    return (*state, *(_stacked(b, items, 0, output) for items, output in zip(scanned, outputs, strict=True)))


@onnx_op("Scan", since=9, how="unrolled", limits="at most 1024 times")
def scan(
    b: GraphBuilder,
    *initial_state_and_scan_inputs: Operand,
    body: onnx.GraphProto,
    num_scan_inputs: int,
    scan_input_axes: Sequence[int] = (),
    scan_input_directions: Sequence[int] = (),
    scan_output_axes: Sequence[int] = (),
    scan_output_directions: Sequence[int] = (),
    node: SourceNode,
) -> tuple[Value, ...]:
    states = len(initial_state_and_scan_inputs) - num_scan_inputs
    state: list[Value] = list(initial_state_and_scan_inputs[:states])
    sources = initial_state_and_scan_inputs[states:]
    axes = scan_input_axes or [0] * num_scan_inputs
    pieces = [unstack(b, source, axis_of(axis, source.rank)) for source, axis in zip(sources, axes, strict=True)]
    for items, backwards in zip(pieces, scan_input_directions, strict=False):
        items[:] = items[::-1] if backwards else items
    trips = len(pieces[0])
    if trips > MAX_ITERATIONS:
        raise ConversionError(f"would run {trips} times; at most {MAX_ITERATIONS} iterations are unrolled")
    outputs = body.output[states:]
    scanned: list[list[Operand]] = [[] for _ in outputs]
    for step in zip(*pieces, strict=True):
        results = node.scope.run(body, [*state, *step])
        _check_tensors(results)
        state = results[:states]
        for collected, piece in zip(scanned, results[states:], strict=True):
            collected.append(piece)
    for collected, backwards in zip(scanned, scan_output_directions, strict=False):
        collected[:] = collected[::-1] if backwards else collected
    places = scan_output_axes or [0] * len(outputs)
    return (*state, *(_stacked(b, items, axis, output) for items, axis, output in zip(scanned, places, outputs, strict=True)))


@onnx_op("Scan", since=8, how="unrolled for each batch entry", limits="at most 1024 times; no sequence_lens")
def scan_8(
    b: GraphBuilder,
    sequence_lens: Operand | None = None,
    *initial_state_and_scan_inputs: Operand,
    body: onnx.GraphProto,
    num_scan_inputs: int,
    directions: Sequence[int] = (),
    node: SourceNode,
) -> tuple[Value, ...]:
    if sequence_lens is not None:
        raise ConversionError("sequence_lens is not supported")
    batches = zip(*(unstack(b, operand, 0) for operand in initial_state_and_scan_inputs), strict=True)
    results = [
        scan(b, *batch, body=body, num_scan_inputs=num_scan_inputs, scan_input_directions=directions, node=node) for batch in batches
    ]
    return tuple(stack(b, list(items), 0) for items in zip(*results, strict=True))


@onnx_op("SequenceMap", since=17, how="the body once for each element of the sequence")
def sequence_map(
    b: GraphBuilder, input_sequence: list[Operand], *additional_inputs: Value, body: onnx.GraphProto, node: SourceNode
) -> tuple[Value, ...]:
    made = []
    for i, item in enumerate(input_sequence):
        others = [value[i] if isinstance(value, list) else value for value in additional_inputs]
        made.append(node.scope.run(body, [item, *others]))
    return tuple([results[k] for results in made] for k in range(len(body.output)))


def _known_trips(b: GraphBuilder, count: Operand | None) -> int | None:
    if count is None:
        return None
    known = b.value(count)
    if known is None:
        raise ConversionError(
            "has a trip count that is computed at run time",
            "make what it depends on constant: --bind, --dim or --shape",
            code=Code.DEPENDS_ON_DATA,
        )
    return max(0, int(known.item()))


def _stacked(b: GraphBuilder, items: list[Operand], axis: int, output: onnx.ValueInfoProto) -> Operand:
    """The scan output made of the pieces of all iterations; without any an empty constant of the declared type."""
    if items:
        return stack(b, items, axis_of(axis, items[0].rank + 1))
    declared = output.type.tensor_type
    data_type = Element(declared.elem_type).data_type if declared.elem_type else DataType.FLOAT32
    shape = [dimension.dim_value for dimension in declared.shape.dim]
    return b.constant(np.zeros((0, *shape), data_type.numpy), data_type)


def _check_tensors(values: Sequence[Value]) -> None:
    """Raises `ConversionError` when one of a body's results is a sequence where a tensor belongs."""
    for value in values:
        if not isinstance(value, Operand):
            raise ConversionError(f"its body returns {kind_of(value)} where a tensor belongs; the model is invalid")

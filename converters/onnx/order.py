"""Which nodes the outputs need, in an order in which every value is made before it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import onnx

from webnn_graph.errors import ConversionError


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs in a node's attributes."""
    for attribute in node.attribute:
        yield from (attribute.g,) if attribute.type == attribute.GRAPH else attribute.graphs


def reads(node: onnx.NodeProto) -> Iterator[str]:
    """The names of the values a node reads, those its subgraphs take from around them included."""
    yield from filter(None, node.input)
    for graph in subgraphs(node):
        yield from _outer(graph)


def _outer(graph: onnx.GraphProto) -> Iterator[str]:
    own = {info.name for info in graph.input} | {tensor.name for tensor in graph.initializer}
    own |= {output for node in graph.node for output in node.output}
    for node in graph.node:
        yield from (name for name in reads(node) if name not in own)
    yield from (info.name for info in graph.output if info.name not in own)


def needed_nodes(nodes: Sequence[onnx.NodeProto], outputs: Collection[str], given: Collection[str]) -> list[onnx.NodeProto]:
    """The nodes that ``outputs`` depend on, sorted topologically; nodes already in order keep it.

    Args:
        nodes: In any order.
        outputs: Names of values to compute.
        given: Names of values that need no node: inputs, initializers and the values of outer graphs.

    Raises:
        ConversionError: A value is made twice, or depends on itself.
    """
    makers: dict[str, int] = {}
    for i, node in enumerate(nodes):
        for output in filter(None, node.output):
            if output in makers:
                raise ConversionError(f"the model is invalid: value {output!r} is made by two nodes")
            makers[output] = i
    order: list[int] = []
    state = [0] * len(nodes)  # 0 not seen, 1 being ordered, 2 done
    for output in outputs:
        stack = [makers[output]] if output in makers and output not in given else []
        while stack:
            i = stack[-1]
            waiting = [makers[name] for name in reads(nodes[i]) if name not in given and name in makers and state[makers[name]] < 2]
            if state[i] == 2:
                stack.pop()
            elif not waiting:
                state[i] = 2
                order.append(i)
                stack.pop()
            elif (any(state[j] == 1 for j in waiting) and state[i] == 1) or i in waiting:
                raise ConversionError(f"the model is invalid: node {nodes[i].name or nodes[i].output[0]!r} depends on its own result")
            else:
                state[i] = 1
                stack.extend(waiting)
    in_file_order = sorted(order)
    return [nodes[i] for i in (in_file_order if _is_sorted(nodes, in_file_order, makers, given) else order)]


def _is_sorted(nodes: Sequence[onnx.NodeProto], order: Sequence[int], makers: dict[str, int], given: Collection[str]) -> bool:
    return all(makers[name] < i for i in order for name in reads(nodes[i]) if name in makers and name not in given)

"""Which nodes the outputs need, in an order in which every value is made before it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import onnx

from webnn_graph.errors import ConversionError


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs in a node's attributes."""
    for attribute in node.attribute:
        yield from (attribute.g,) if attribute.type == attribute.GRAPH else attribute.graphs


def all_nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a model, those inside of subgraphs and functions, too."""
    waiting = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [inner for graph in subgraphs(node) for inner in graph.node]


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
        given: Names of values that need no node: inputs and initializers.

    Raises:
        ConversionError: A value is made twice, or depends on itself.
    """
    makers: dict[str, int] = {}
    for i, node in enumerate(nodes):
        for output in filter(None, node.output):
            if output in makers:
                raise ConversionError(f"the model is invalid: value {output!r} is made by two nodes")
            makers[output] = i
    for name in given:
        makers.pop(name, None)
    sources = [list(dict.fromkeys(makers[name] for name in reads(node) if name in makers)) for node in nodes]
    order = _depth_first(nodes, sources, [makers[name] for name in outputs if name in makers])
    in_file_order = sorted(order)
    is_sorted = all(source < i for i in in_file_order for source in sources[i])
    return [nodes[i] for i in (in_file_order if is_sorted else order)]


def _depth_first(nodes: Sequence[onnx.NodeProto], sources: Sequence[Sequence[int]], wanted: Sequence[int]) -> list[int]:
    """The nodes that the ``wanted`` ones need, each after its sources."""
    order: list[int] = []
    begun, done = [False] * len(nodes), [False] * len(nodes)
    for last in wanted:
        stack = [] if begun[last] else [(last, iter(sources[last]))]
        begun[last] = True
        while stack:
            i, waiting = stack[-1]
            source = next(waiting, None)
            if source is None:
                stack.pop()
                done[i] = True
                order.append(i)
            elif not begun[source]:
                begun[source] = True
                stack.append((source, iter(sources[source])))
            elif not done[source]:
                raise ConversionError(f"the model is invalid: node {nodes[i].name or nodes[i].output[0]!r} depends on its own result")
    return order

"""One conversion for several sizes: a graph each, and what becomes of inputs of other sizes, found by computing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from webnn_graph.compare import HALF_PRECISION, Difference, compare
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError, WebNNError, Where
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph, Node
from webnn_graph.runtimes import RUNTIMES, reference
from webnn_graph.sizes.extents import Sizes, elements
from webnn_graph.sizes.sized import Padding, Sized, described, label_of, sized
from webnn_graph.weight import Values, Weight

Convert: TypeAlias = Callable[[Sizes], Graph]
"""Makes the graph for sizes of all dimensions."""
MOST_WORK = 2e10
"""Multiplications, some seconds' worth, that finding out whether padding does harm may take."""
SEEDS = (0, 1)
"""Of the inputs that it is found out with."""


def convert_sizes(
    convert: Convert,
    dims: Mapping[str, int | Sequence[int]] | Sequence[Sizes],
    *,
    name: str = "model",
    padding: Padding | str | None = None,
    budget: float = 1.0,
) -> Sized:
    """Converts a model for several sizes, one after the other.

    A model with a mask, and one whose results are the same when its inputs are filled up with zeros, computes inputs of any
    size up to its largest. Which it is, is found with a graph of another size, which is converted, too, and compared.

    Args:
        convert: Makes the graph for sizes: ``lambda dims: converters.onnx.convert("model.onnx", dims=dims)``.
        dims: Sizes by dimension. Lists are of equal length: the first sizes of all are one graph, the second ones another. Or the
            sizes of each graph.
        name: What the graphs are called, with their sizes.
        padding: What becomes of inputs of other sizes: masked, zeros or exact; None finds it out.
        budget: How many times the normal work that may take.

    Returns:
        The graphs; weights that several have are one object.

    Raises:
        ConversionError: The lists differ in length, or a size cannot be converted; the message says which.
        ConversionError: The inputs cannot be padded as is asked.
    """
    each = combinations(dims) if isinstance(dims, Mapping) else sorted(dims, key=elements)
    fixed, varying = separated(each)
    wanted = Padding(padding) if padding else None
    known: dict[tuple[object, ...], Weight] = {}

    def graph_of(sizes: Sizes) -> Graph:
        try:
            graph = convert({**fixed, **sizes})
        except WebNNError as error:
            raise error.at(Where(member=described(sizes)))  # noqa: B904
        return _sharing(replace(graph, name=f"{name}_{label_of(sizes)}"), known)

    graphs = [graph_of(sizes) for sizes in varying]
    if wanted is Padding.EXACT:
        return sized(name, varying, graphs)
    probe = _probe(graph_of, varying, graphs)
    made = sized(name, varying, graphs, probe)
    return made.with_padding(wanted) if wanted else _found(made, *probe, MOST_WORK * budget)


def combinations(dims: Mapping[str, int | Sequence[int]]) -> list[Sizes]:
    """The sizes of each graph, the smallest first; sizes that are one number are the same in all.

    Raises:
        ConversionError: Lists differ in length, or name a size twice.
    """
    lists = {dim: [size] if isinstance(size, int) else list(size) for dim, size in dims.items()}
    several = {dim: sizes for dim, sizes in lists.items() if len(sizes) != 1}
    count = max(map(len, several.values()), default=1)
    wrong = [dim for dim, sizes in several.items() if len(sizes) != count]
    if wrong:
        listed = ", ".join(f"{dim} has {len(sizes)}" for dim, sizes in several.items())
        raise ConversionError(
            f"sizes belong together, the first of each dimension and so on; {listed}",
            "give every dimension as many, each graph's in its place: --dim height=224,224,448 --dim width=224,448,448",
        )
    made = [{dim: sizes[i if dim in several else 0] for dim, sizes in lists.items()} for i in range(count)]
    if len({tuple(sizes.values()) for sizes in made}) < count:
        raise ConversionError(f"sizes are given twice: {', '.join(map(described, made))}", "give each once")
    return sorted(made, key=elements)


def separated(sizes: Sequence[Sizes]) -> tuple[Sizes, list[Sizes]]:
    """The dimensions that are the same in all sizes, and the sizes with the others alone."""
    varying = {dim for dim in sizes[0] if len({at[dim] for at in sizes}) > 1}
    fixed = {dim: size for dim, size in sizes[0].items() if dim not in varying}
    return fixed, [{dim: size for dim, size in at.items() if dim in varying} for at in sizes]


def _sharing(graph: Graph, known: dict[tuple[object, ...], Weight]) -> Graph:
    """The graph with the weights that are ``known`` in the place of its equal ones, so that these need no memory."""
    contents = {operand: (operand.data_type, operand.shape, weight.digest) for operand, weight in graph.weights.items()}
    return replace(graph, constants=Values({o: known.setdefault(contents[o], weight) for o, weight in graph.weights.items()}))


# ----------------------------------------------------------------------------------------------------- what padding does
def _probe(graph_of: Convert, sizes: Sequence[Sizes], graphs: Sequence[Graph]) -> tuple[Sizes, Graph]:
    """A graph of a size that was not asked for, each dimension's another; the smallest of those that were if the model takes no other."""
    for other in _others(sizes):
        try:
            return other, graph_of(other)
        except WebNNError:
            continue
    return sizes[0], graphs[0]


def _others(sizes: Sequence[Sizes]) -> Iterator[Sizes]:
    """Sizes that fit into one of these, and tell dimensions apart: such that nothing divides, then such as the model takes."""
    chosen: dict[str, int] = {}
    for dim in sizes[0]:
        there = sorted({at[dim] for at in sizes})
        least, most = there[0], there[-1]
        small, large = (least // 2 + 1, least // 4 + 1, least - 1), (3 * most // 4 + 1, most // 2 + 1, least + 1, most - 1)
        # Far apart, so that no rounding makes one dimension look like another.
        wishes = (*large, *small) if len(chosen) % 2 else (*small, *large)
        free = [size for size in wishes if 1 <= size <= most and size not in (*there, *chosen.values())]
        chosen |= dict.fromkeys([dim], free[0]) if free else {}
    mixed = {dim: sorted(at[dim] for at in sizes)[i % len(sizes)] for i, dim in enumerate(sizes[0])}
    for other in (chosen, mixed):
        if len(other) == len(sizes[0]) and other not in sizes and any(all(at[d] >= other[d] for d in at) for at in sizes):
            yield other


def _found(made: Sized, sizes: Sizes, graph: Graph, most: float) -> Sized:
    """The sized model with the best padding that gives the same results as a graph of the inputs' own sizes."""
    try:
        padded = made.with_padding(Padding.MASKED if made.masks else Padding.ZEROS)
    except ConversionError as error:
        return _exact(made, error.message)
    fitting = [i for i in made.fitting(sizes) if work(made.graphs[i]) * len(SEEDS) <= most and made.sizes[i] != sizes]
    if not fitting:
        if made.masks:
            return padded
        return _exact(made, "finding out whether others can be padded takes too long; --budget allows more")
    worst = max(
        (difference for seed in SEEDS for difference in differences(padded, fitting[-1], sizes, graph, seed)),
        key=lambda difference: difference.excess,
    )
    if worst.ok:
        return padded
    why = worst.reason or f"relative {worst.relative:.2g}"
    to = described(made.sizes[fitting[-1]])
    return _exact(
        made, f"{described(sizes)} filled up to {to} changes {worst.name} ({why}); --padding {padded.padding} does it nevertheless"
    )


def _exact(made: Sized, why: str) -> Sized:
    return replace(made, notes=(f"it computes inputs of its own sizes only: {why}",))


def differences(made: Sized, index: int, sizes: Sizes, graph: Graph, seed: int = 0) -> list[Difference]:
    """How far the outputs of a graph are, computed of padded inputs, from those of the graph of the inputs' own sizes.

    Args:
        made: With the padding.
        index: The number of the size whose graph computes the padded inputs.
        sizes: The inputs' own.
        graph: Of these.
        seed: For the inputs, which are made up.
    """
    inputs = complete(graph, whole_masks(made), seed)
    right = reference.run(graph, inputs)
    outputs = made.run_padded(index, sizes, inputs, reference.run)
    is_half = any(output.data_type is DataType.FLOAT16 for node in graph.nodes for output in node.outputs)
    tolerance = HALF_PRECISION if is_half else RUNTIMES["reference"].tolerance
    return [compare(name, outputs[name], right[name], tolerance) for name in right]


def whole_masks(made: Sized) -> dict[str, Array]:
    """Values for masks that say that all of the inputs counts."""
    return {name: np.ones(()) for name in made.masks} if made.padding is Padding.MASKED else {}


def work(graph: Graph) -> float:
    """About how many multiplications a graph takes."""
    return sum(map(_multiplications, graph.nodes))


def _multiplications(node: Node) -> float:
    output, operands = node.outputs[0], node.operands
    match node.op:
        case "matmul" | "gemm":
            return float(output.size * operands[0].shape[-1])
        case "conv2d":
            return output.size * operands[1].size / output.shape[1]
        case "convTranspose2d":
            return operands[0].size * operands[1].size / operands[0].shape[1]
        case "lstm" | "gru":
            return float(operands[0].shape[0] * operands[0].shape[1] * (operands[1].size + operands[2].size))
        case _:
            return float(sum(operand.size for operand in node.outputs))

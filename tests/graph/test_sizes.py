"""Several sizes of a model: what padding does to it is known from what the model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference
from webnn_graph.sizes.conversion import combinations, convert_sizes
from webnn_graph.sizes.extents import Follows, Listed, extent_of
from webnn_graph.sizes.sized import Padding

Build = Callable[..., Operand]
RANDOM = np.random.default_rng(5)
SQUARE = RANDOM.standard_normal((3, 3)).astype(np.float32)
FILTERS = [RANDOM.standard_normal(shape).astype(np.float32) for shape in ((2, 1, 3, 3), (2, 2, 3, 3))]
LSTM = {name: RANDOM.standard_normal(shape).astype(np.float32) for name, shape in (("w", (1, 8, 3)), ("r", (1, 8, 2)))}


def sequence(build: Build, *masks: str) -> Callable[[Mapping[str, int]], Graph]:
    """A model of a float32[1, sequence, 3] and masks, int32[1, sequence]."""

    def convert(dims: Mapping[str, int]) -> Graph:
        b = GraphBuilder()
        x = b.input("x", "float32", [1, dims["sequence"], 3])
        return b.build({"y": build(b, x, *(b.input(name, "int32", [1, dims["sequence"]]) for name in masks))})

    return convert


def picture(build: Build) -> Callable[[Mapping[str, int]], Graph]:
    """A model of a float32[1, 1, height, width]."""

    def convert(dims: Mapping[str, int]) -> Graph:
        b = GraphBuilder()
        return b.build({"y": build(b, b.input("x", "float32", [1, 1, dims["height"], dims["width"]]))})

    return convert


def mean_where(b: GraphBuilder, x: Operand, mask: Operand) -> Operand:
    """The mean of what counts."""
    wide = b.reshape(b.cast(mask, "float32"), [1, x.shape[1], 1])
    return b.div(b.reduceSum(b.mul(x, wide), axes=[1]), b.reduceSum(wide, axes=[1]))


def mean_where_not(b: GraphBuilder, x: Operand, mask: Operand) -> Operand:
    """The mean of what a mask of the opposite meaning leaves; next to nothing is not divided by."""
    return mean_where(b, x, b.sub(b.constant(np.ones((), np.int32)), mask))


def lstm(b: GraphBuilder, x: Operand, *, whole: bool) -> Operand:
    steps = b.transpose(x, permutation=[1, 0, 2])
    results = b.lstm(steps, b.constant(LSTM["w"]), b.constant(LSTM["r"]), x.shape[1], 2, returnSequence=True)
    return results[2 if whole else 0]


def conv(b: GraphBuilder, x: Operand, layers: int) -> Operand:
    for filters in FILTERS[:layers]:
        bias = np.ones(2, np.float32) if layers > 1 else None
        x = b.conv2d(x, b.constant(filters), bias=None if bias is None else b.constant(bias), padding=[1, 1, 1, 1], strides=[2, 2])
    return x


def even_only(b: GraphBuilder, x: Operand) -> Operand:
    if x.shape[1] % 4:
        raise ConversionError("not a multiple of 4")
    return b.relu(x)


SEQUENCES = {
    "element by element": (sequence(lambda b, x: b.relu(x)), "zeros", ""),
    "each sees those before": (sequence(lambda b, x: b.cumulativeSum(x, 1)), "zeros", ""),
    "each sees those behind": (sequence(lambda b, x: b.cumulativeSum(x, 1, reversed=True)), "zeros", ""),
    "a mean": (sequence(lambda b, x: b.reduceMean(x, axes=[1])), "exact", "changes y"),
    "attention": (
        sequence(lambda b, x: b.matmul(b.softmax(b.matmul(x, b.transpose(x, permutation=[0, 2, 1])), 2), x)),
        "exact",
        "changes y",
    ),
    "a mean with a mask": (sequence(mean_where, "attention_mask"), "masked", ""),
    "a mask that counts for nothing": (sequence(lambda b, x, _: b.reduceMean(x, axes=[1]), "mask"), "exact", "--padding masked"),
    "a mask that leaves out ones": (sequence(mean_where_not, "padding_mask"), "exact", "changes y"),
    "zeros that count for nothing": (sequence(mean_where, "weights"), "zeros", ""),
    "all states of an LSTM": (sequence(lambda b, x: lstm(b, x, whole=True)), "zeros", ""),
    "the last state of an LSTM": (sequence(lambda b, x: lstm(b, x, whole=False)), "exact", "changes y"),
    "multiples of 4 alone, one by one": (sequence(even_only), "zeros", ""),
    "pairs": (
        sequence(lambda b, x: b.reshape(b.matmul(x, b.transpose(x, permutation=[0, 2, 1])), [x.shape[1] ** 2])),
        "exact",
        "how its shape follows",
    ),
}
PICTURES = {
    "one convolution": (picture(lambda b, x: conv(b, x, 1)), "zeros", (1, 2, Follows("height", 1, 1, 2), Follows("width", 1, 1, 2))),
    "two, with biases": (picture(lambda b, x: conv(b, x, 2)), "exact", (1, 2, Follows("height", 1, 3, 4), Follows("width", 1, 3, 4))),
    "turned": (picture(lambda b, x: b.transpose(x, permutation=[0, 1, 3, 2])), "zeros", (1, 1, Follows("width"), Follows("height"))),
    "larger": (
        picture(lambda b, x: b.resample2d(x, sizes=[2 * x.shape[2], 3 * x.shape[3]], axes=[2, 3])),
        "zeros",
        (1, 1, Follows("height", 2), Follows("width", 3)),
    ),
    "padded": (
        picture(lambda b, x: b.pad(x, [0, 0, 1, 0], [0, 0, 2, 0])),
        "zeros",
        (1, 1, Follows("height", 1, 3), Follows("width")),
    ),
    "flat": (picture(lambda b, x: b.reshape(x, [1, x.size])), "exact", (1, Listed((64, 256)))),
}


@pytest.mark.parametrize(("convert", "padding", "note"), SEQUENCES.values(), ids=SEQUENCES)
def test_what_padding_does_is_found_by_computing(convert: Callable[[Mapping[str, int]], Graph], padding: str, note: str) -> None:
    sized = convert_sizes(convert, {"sequence": [16, 8]})
    assert (sized.padding, sized.labels) == (padding, ["8", "16"])
    assert bool(sized.notes) == bool(note)
    assert note in " ".join(sized.notes)


@pytest.mark.parametrize(("convert", "padding", "shape"), PICTURES.values(), ids=PICTURES)
def test_dimensions_of_the_same_sizes_are_told_apart(
    convert: Callable[[Mapping[str, int]], Graph], padding: str, shape: tuple[object, ...]
) -> None:
    sized = convert_sizes(convert, {"height": [8, 16], "width": [8, 16]})
    assert sized.outputs == {"y": shape}
    assert sized.padding == padding


def test_a_smaller_input_gets_what_its_own_graph_computes() -> None:
    convert = sequence(mean_where, "attention_mask")
    sized = convert_sizes(convert, {"sequence": [8, 16]})
    values = {"x": RANDOM.standard_normal((1, 11, 3)).astype(np.float32), "attention_mask": np.ones((1, 11), np.int32)}
    assert sized.fitting({"sequence": 11}) == [1]
    padded = sized.run_padded(1, {"sequence": 11}, values, reference.run)
    np.testing.assert_allclose(padded["y"], values["x"].mean(axis=1, keepdims=False).reshape(padded["y"].shape), rtol=1e-5)


def test_equal_weights_are_one_object() -> None:
    sized = convert_sizes(sequence(lambda b, x: b.matmul(x, b.constant(SQUARE.copy()))), {"sequence": [4, 8]})
    first, second = (next(iter(graph.weights.values())) for graph in sized.graphs)
    assert first is second


@pytest.mark.parametrize(
    ("dims", "expected"),
    [
        ({"a": 2}, [{"a": 2}]),
        ({"a": [3, 2]}, [{"a": 2}, {"a": 3}]),
        ({"a": [3, 2], "b": 1, "c": [4]}, [{"a": 2, "b": 1, "c": 4}, {"a": 3, "b": 1, "c": 4}]),
        ({"h": [4, 2, 2], "w": [2, 4, 2]}, [{"h": 2, "w": 2}, {"h": 4, "w": 2}, {"h": 2, "w": 4}]),
        ({}, [{}]),
    ],
)
def test_sizes_belong_together(dims: dict[str, int | list[int]], expected: list[dict[str, int]]) -> None:
    assert combinations(dims) == expected


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ({8: 5, 16: 5, 5: 5}, 5),
        ({8: 8, 16: 16, 5: 5}, Follows("n")),
        ({8: 17, 16: 33, 5: 11}, Follows("n", 2, 1)),
        ({8: 2, 16: 4, 5: 1}, Follows("n", 1, 0, 4)),
        ({8: 2, 16: 4, 5: 2}, Follows("n", 1, 3, 4)),
        ({8: 64, 16: 256, 5: 25}, Listed((64, 256))),
        ({8: 5, 16: 5, 5: 4}, Listed((5, 5))),
    ],
)
def test_how_long_an_axis_is(lengths: dict[int, int], expected: object) -> None:
    assert extent_of([({"n": size}, length) for size, length in lengths.items()], 2) == expected


@pytest.mark.parametrize(("padding", "message"), [("masked", "has no mask"), ("zeros", "how its shape follows from sequence")])
def test_padding_that_cannot_be(padding: Padding, message: str) -> None:
    convert = sequence(lambda b, x: b.reshape(b.matmul(x, b.transpose(x, permutation=[0, 2, 1])), [x.shape[1] ** 2]))
    if padding == "masked":
        convert = sequence(lambda b, x: b.relu(x))
    with pytest.raises(ConversionError, match=message):
        convert_sizes(convert, {"sequence": [4, 8]}, padding=padding)


def test_an_error_says_the_size() -> None:
    with pytest.raises(ConversionError, match="sequence=10: not a multiple of 4"):
        convert_sizes(sequence(even_only), {"sequence": [4, 10]})

"""Einstein sums: every pair of operands is one matrix product, batched over the labels that stay."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from converters.lowering.matrix import matmul
from converters.lowering.reduction import reduced
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

Labels = tuple[str, ...]
"""A name per dimension: a letter, or ``.0``, ``.1``, ... for those of an ellipsis, counted from the last."""


@dataclass(frozen=True)
class Term:
    """An operand and the labels of its dimensions, each once."""

    operand: Operand
    labels: Labels

    @property
    def sizes(self) -> dict[str, int]:
        return dict(zip(self.labels, self.operand.shape, strict=True))


def einsum(b: GraphBuilder, equation: str, operands: Sequence[Operand]) -> Operand:
    """The sum that an equation such as ``bij,bjk->bik`` describes.

    Raises:
        ConversionError: The equation is malformed or does not fit the operands.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    sides = left.split(",")
    if len(sides) != len(operands):
        raise ConversionError(f"equation {equation!r} is for {len(sides)} operands, {len(operands)} are there")
    labelled = [_labels(side, operand.rank, equation) for side, operand in zip(sides, operands, strict=True)]
    dots = max((label for labels in labelled for label in labels if label[0] == "."), default="", key=lambda label: int(label[1:]))
    every_dot = tuple(f".{i}" for i in range(int(dots[1:]) if dots else -1, -1, -1))
    if arrow:
        output = _labels(right, len(right.replace("...", "")) + len(every_dot) * ("..." in right), equation)
    else:
        counts = Counter(label for labels in labelled for label in labels if label[0] != ".")
        output = every_dot + tuple(sorted(label for label, count in counts.items() if count == 1))
    known = {label for labels in labelled for label in labels}
    if not set(output) <= known or len(set(output)) < len(output):
        raise ConversionError(f"the output of equation {equation!r} has labels that are not in its inputs, or one twice")

    terms = [_diagonal(b, operand, labels) for operand, labels in zip(operands, labelled, strict=True)]
    result = _summed(b, terms[0], _still_needed(output, terms[1:]))
    for i, term in enumerate(terms[1:], start=1):
        needed = _still_needed(output, terms[i + 1 :])
        result = _contracted(b, result, _summed(b, term, needed | set(result.labels)), needed)
    return b.transpose(result.operand, permutation=[result.labels.index(label) for label in output])


def _labels(side: str, rank: int, equation: str) -> Labels:
    before, dots, after = side.partition("...")
    letters = before + after
    missing = rank - len(letters)
    if not all(letter.isalpha() for letter in letters) or missing < 0 or (missing and not dots):
        raise ConversionError(f"{side!r} in equation {equation!r} does not label an operand of rank {rank}")
    return (*before, *(f".{i}" for i in range(missing - 1, -1, -1)), *after)


def _still_needed(output: Labels, later: Sequence[Term]) -> set[str]:
    return set(output).union(*(term.labels for term in later))


def _diagonal(b: GraphBuilder, x: Operand, labels: Labels) -> Term:
    """A label that occurs twice keeps the elements at which both indices are the same: every n+1st of the two flattened."""
    while len(set(labels)) < len(labels):
        label = next(label for label, count in Counter(labels).items() if count > 1)
        first, second = [i for i, other in enumerate(labels) if other == label][:2]
        size = x.shape[first]
        if x.shape[second] != size:
            raise ConversionError(f"label {label!r} has sizes {size} and {x.shape[second]}")
        others = [i for i in range(x.rank) if i not in (first, second)]
        shape = [x.shape[i] for i in others]
        flat = b.reshape(b.transpose(x, permutation=[*others, first, second]), [*shape, size * size])
        x = b.slice(flat, [0] * flat.rank, list(flat.shape), strides=[1] * len(shape) + [size + 1])
        labels = (*(labels[i] for i in others), label)
    return Term(x, labels)


def _summed(b: GraphBuilder, term: Term, needed: set[str]) -> Term:
    """Without the labels that nothing needs."""
    axes = [i for i, label in enumerate(term.labels) if label not in needed]
    if not axes:
        return term
    return Term(reduced(b, "reduceSum", term.operand, axes, False), tuple(label for label in term.labels if label in needed))


def _contracted(b: GraphBuilder, x: Term, y: Term, needed: set[str]) -> Term:
    shared = [label for label in x.labels if label in y.labels]
    batch = [label for label in shared if label in needed]
    inner = [label for label in shared if label not in needed]
    rows = [label for label in x.labels if label not in shared]
    columns = [label for label in y.labels if label not in shared]
    sizes = _common_sizes(x, y)
    if not inner:
        order = [*batch, *rows, *columns]
        return Term(b.mul(_spread(b, x, order), _spread(b, y, order)), tuple(order))
    left = _grouped(b, x, sizes, batch, rows, inner)
    right = _grouped(b, y, sizes, batch, inner, columns)
    labels = (*batch, *rows, *columns)
    return Term(b.reshape(matmul(b, left, right), [sizes[label] for label in labels]), labels)


def _common_sizes(x: Term, y: Term) -> dict[str, int]:
    sizes = x.sizes
    for label, size in y.sizes.items():
        if sizes.get(label, size) not in (1, size) and size != 1:
            raise ConversionError(f"label {label!r} has sizes {sizes[label]} and {size}")
        sizes[label] = max(sizes.get(label, 1), size)
    return sizes


def _spread(b: GraphBuilder, term: Term, order: Sequence[str]) -> Operand:
    """The operand with a dimension for every label in ``order``; those it does not have are 1."""
    mine = [label for label in order if label in term.labels]
    moved = b.transpose(term.operand, permutation=[term.labels.index(label) for label in mine])
    return b.reshape(moved, [term.sizes.get(label, 1) for label in order])


def _grouped(b: GraphBuilder, term: Term, sizes: dict[str, int], batch: Sequence[str], *groups: Sequence[str]) -> Operand:
    """The operand with its batch dimensions, which may be 1 to broadcast, and one dimension for all labels of each group."""
    order = [*batch, *(label for group in groups for label in group)]
    spread = _spread(b, term, order)
    lead = list(spread.shape[: len(batch)])
    full = b.expand(spread, [*lead, *(sizes[label] for label in order[len(batch) :])])
    return b.reshape(full, [*lead, *(math.prod(sizes[label] for label in group) for group in groups)])

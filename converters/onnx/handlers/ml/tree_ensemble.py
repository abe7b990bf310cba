"""Ensembles of decision trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

COMPARISONS = ["lesserOrEqual", "lesser", "greaterOrEqual", "greater", "equal", "notEqual"]
"""By the number of a node's mode."""
MEMBER = 6
AVERAGE, SUM, MIN, MAX = range(4)


@dataclass(frozen=True)
class Path:
    """A way from a root to a leaf: which nodes' conditions must hold, and which must not."""

    holds: tuple[int, ...]
    fails: tuple[int, ...]
    leaf: int


@onnx_op(
    "TreeEnsemble",
    since=5,
    domain="ai.onnx.ml",
    how="all conditions at once, matmul to find the leaves, matmul or a reduction of their weights",
    limits="post_transform is refused",
)
def tree_ensemble(
    b: GraphBuilder,
    X: Operand,
    *,
    aggregate_function: int = SUM,
    leaf_targetids: list[int],
    leaf_weights: Operand,
    membership_values: Operand | None = None,
    n_targets: int | None = None,
    nodes_falseleafs: list[int],
    nodes_falsenodeids: list[int],
    nodes_featureids: list[int],
    nodes_hitrates: Operand | None = None,
    nodes_missing_value_tracks_true: list[int] | None = None,
    nodes_modes: Operand,
    nodes_splits: Operand,
    nodes_trueleafs: list[int],
    nodes_truenodeids: list[int],
    post_transform: int = 0,
    tree_roots: list[int],
) -> Operand:
    if post_transform:
        raise ConversionError(
            f"post_transform {post_transform} is softmax to ONNX and logistic to ONNX Runtime, or the other way round",
            "use post_transform 0 and a Softmax or Sigmoid node after it",
        )
    branches = list(zip(nodes_truenodeids, nodes_trueleafs, nodes_falsenodeids, nodes_falseleafs, strict=True))
    paths = [path for root in tree_roots for path in _paths(b, branches, root)]
    features = b.gather(b.cast(X, DataType.FLOAT32), np.array(nodes_featureids, np.int32), axis=1)
    splits, modes = b.value(nodes_splits), b.value(nodes_modes)
    members = None if membership_values is None else b.value(membership_values)
    assert splits is not None
    assert modes is not None
    decided = _decisions(b, features, splits.astype(np.float32), modes, members)
    if nodes_missing_value_tracks_true:
        missing = b.logicalAnd(b.isNaN(features), np.array(nodes_missing_value_tracks_true, np.uint8))
        decided = b.logicalOr(decided, missing)
    weights, targets = b.value(leaf_weights), max(leaf_targetids) + 1 if n_targets is None else n_targets
    assert weights is not None
    b.reserve(len(paths), targets)
    table: Array = np.zeros((len(paths), targets), np.float32)
    reached: Array = np.zeros((len(paths), targets), np.uint8)
    for i, path in enumerate(paths):
        table[i, leaf_targetids[path.leaf]] = weights[path.leaf]
        reached[i, leaf_targetids[path.leaf]] = 1
    active = _active(b, decided, paths)
    if aggregate_function in (SUM, AVERAGE):
        total = b.matmul(b.cast(active, DataType.FLOAT32), table)
        scores = b.div(total, len(tree_roots)) if aggregate_function == AVERAGE else total
    else:
        scores = _extreme(b, b.logicalAnd(b.reshape(active, [*active.shape, 1]), reached), table, aggregate_function)
    return b.cast(scores, X.data_type)


def _paths(b: GraphBuilder, branches: list[tuple[int, int, int, int]], root: int) -> Iterator[Path]:
    waiting: list[Path] = [Path((), (), root)]  # the leaf of an unfinished path is the node to go on from
    seen = set()
    while waiting:
        path = waiting.pop()
        node = path.leaf
        if node in seen:
            raise ConversionError(f"is not a valid node: two branches lead to node {node}")
        seen.add(node)
        b.reserve(len(path.holds) + len(path.fails), 2)
        on_true, true_leaf, on_false, false_leaf = branches[node]
        ways = ((Path((*path.holds, node), path.fails, on_true), true_leaf), (Path(path.holds, (*path.fails, node), on_false), false_leaf))
        for way, is_leaf in ways:
            if is_leaf:
                yield way
            else:
                waiting.append(way)


def _decisions(b: GraphBuilder, features: Operand, splits: Array, modes: Array, members: Array | None) -> Operand:
    """Whether each node's condition holds: uint8 [N, nodes]."""
    held = []
    for mode in np.unique(modes):
        if mode > MEMBER:
            raise ConversionError(f"is not a valid node: nodes_modes has the entry {mode}")
        if mode == MEMBER:
            known = _member_sets(b, modes, members)
            same = b.equal(b.reshape(features, [*features.shape, 1]), known)
            result = b.reduceMax(same, axes=[2])
        else:
            result = b.call(COMPARISONS[mode], features, splits)
        held.append(b.logicalAnd(result, (modes == mode).astype(np.uint8)))
    decided = held[0]
    for other in held[1:]:
        decided = b.logicalOr(decided, other)
    return decided


def _member_sets(b: GraphBuilder, modes: Array, members: Array | None) -> Array:
    """[nodes, largest set] float32, the rest NaN, which nothing equals."""
    if members is None:
        raise ConversionError("has membership nodes but no membership_values")
    ends = np.flatnonzero(np.isnan(members))
    sets = np.split(members, ends + 1)
    b.reserve(len(modes), max(map(len, sets)))
    known: Array = np.full((len(modes), max(map(len, sets))), np.nan, np.float32)
    for node, values in zip(np.flatnonzero(modes == MEMBER), sets, strict=False):
        known[node, : len(values)] = values
    return known


def _active(b: GraphBuilder, decided: Operand, paths: list[Path]) -> Operand:
    """Which paths each row takes: as many conditions hold as the path needs, and none that must fail does."""
    b.reserve(decided.shape[1], len(paths))
    signs: Array = np.zeros((decided.shape[1], len(paths)), np.float32)
    needed: Array = np.array([len(path.holds) for path in paths], np.float32)
    for i, path in enumerate(paths):
        signs[list(path.holds), i] = 1
        signs[list(path.fails), i] = -1
    return b.equal(b.matmul(b.cast(decided, DataType.FLOAT32), signs), needed)


def _extreme(b: GraphBuilder, active: Operand, weights: Array, function: int) -> Operand:
    """The smallest or largest weight of the active paths [N, paths, targets]; 0 where there is none."""
    neutral = b.constant(np.float32("inf" if function == MIN else "-inf"))
    found = b.call("reduceMin" if function == MIN else "reduceMax", b.where(active, weights, neutral), axes=[1])
    return b.where(b.reduceMax(active, axes=[1]), found, 0)

"""Ensembles of decision trees, as version 5 of ai.onnx.ml writes all of them."""

from __future__ import annotations

import numpy as np

from converters.onnx.handlers.ml.forest import MEMBER, SUM, Forest, table_of
from converters.onnx.handlers.ml.scores import DOMAIN, rows
from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

HOW = "a step for each level of the deepest tree: gather, compare, where; then gather and a reduction of the leaves"


@onnx_op("TreeEnsemble", since=5, domain=DOMAIN, how=HOW, limits="post_transform is refused")
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
    nodes, leaves = len(nodes_featureids), len(leaf_targetids)
    splits, modes, weights = (b.value(values) for values in (nodes_splits, nodes_modes, leaf_weights))
    members = None if membership_values is None else b.value(membership_values)
    assert splits is not None
    assert modes is not None
    assert weights is not None
    itself = np.arange(nodes, nodes + leaves)
    targets = max(leaf_targetids) + 1 if n_targets is None else n_targets
    table, reached = table_of(b, nodes + leaves, targets, itself.tolist(), leaf_targetids, weights)
    forest = Forest(
        roots=np.array(tree_roots),
        features=_with_leaves(nodes_featureids, leaves),
        splits=_with_leaves(splits.astype(np.float32), leaves),
        modes=_with_leaves(modes, leaves),
        on_true=np.append(np.array(nodes_truenodeids) + nodes * np.array(nodes_trueleafs), itself),
        on_false=np.append(np.array(nodes_falsenodeids) + nodes * np.array(nodes_falseleafs), itself),
        missing=_with_leaves(nodes_missing_value_tracks_true, leaves) if nodes_missing_value_tracks_true else None,
        members=_member_sets(b, _with_leaves(modes, leaves), members),
        weights=table,
        reached=reached,
    )
    return b.cast(forest.total(b, rows(b, X), aggregate_function), X.data_type)


def _with_leaves(values: Array | list[int], leaves: int) -> Array:
    given: Array = np.asarray(values)
    return np.append(given, np.zeros(leaves, given.dtype))


def _member_sets(b: GraphBuilder, modes: Array, members: Array | None) -> Array | None:
    """[nodes, largest set] float32, the rest NaN, which nothing equals; None without nodes that have sets."""
    if not (modes == MEMBER).any():
        return None
    if members is None:
        raise ConversionError("has membership nodes but no membership_values")
    ends = np.flatnonzero(np.isnan(members))
    sets = np.split(members, ends + 1)
    b.reserve(len(modes), max(map(len, sets)))
    known: Array = np.full((len(modes), max(map(len, sets))), np.nan, np.float32)
    for node, values in zip(np.flatnonzero(modes == MEMBER), sets, strict=False):
        known[node, : len(values)] = values
    return known

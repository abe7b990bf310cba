"""Ensembles of decision trees as a regressor and a classifier, whose nodes are lists beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converters.onnx.handlers.ml.forest import AVERAGE, MAX, MIN, SUM, Forest, table_of
from converters.onnx.handlers.ml.scores import (
    DOMAIN,
    OF_TARGETS,
    STRINGS,
    TRANSFORMS,
    labels,
    largest,
    of_targets,
    opposed,
    rows,
    transformed,
)
from converters.onnx.handlers.ml.tree_ensemble import HOW
from converters.onnx.registry import Value, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
"""As `forest.COMPARISONS` has them."""
LEAF = "LEAF"
FUNCTIONS = {"AVERAGE": AVERAGE, "SUM": SUM, "MIN": MIN, "MAX": MAX}


@dataclass(frozen=True)
class Nodes:
    """The attributes that begin with ``nodes_``, and what leaves say: trees, nodes, targets and weights."""

    treeids: Sequence[int]
    nodeids: Sequence[int]
    featureids: Sequence[int]
    modes: Sequence[str]
    values: Array
    truenodeids: Sequence[int]
    falsenodeids: Sequence[int]
    missing: Sequence[int] | None
    leaves: tuple[Sequence[int], Sequence[int], Sequence[int], Array]

    def forest(self, b: GraphBuilder, features: int, targets: int) -> Forest:
        """The trees over so many features. Raises `ConversionError` when the lists do not fit together."""
        self._check(features)
        place = {key: i for i, key in enumerate(zip(self.treeids, self.nodeids, strict=True))}
        is_leaf: Array = np.array([mode == LEAF for mode in self.modes])
        on_true, on_false = self._following(place, self.truenodeids), self._following(place, self.falsenodeids)
        trees, nodes, ids, values = self.leaves
        at = [_found(place, key) for key in zip(trees, nodes, strict=True)]
        weights, reached = table_of(b, len(self.treeids), targets, at, ids, values)
        inside = {*on_true[~is_leaf].tolist(), *on_false[~is_leaf].tolist()}
        roots: Array = np.array([i for i in range(len(self.treeids)) if i not in inside])
        if len(roots) != len(set(self.treeids)):
            raise ConversionError(f"is not a valid node: {len(set(self.treeids))} trees have {len(roots)} roots")
        return Forest(
            roots=roots,
            features=np.where(is_leaf, 0, np.array(self.featureids)),
            splits=self.values.astype(np.float32),
            modes=np.array([MODES.index(mode) if mode != LEAF else 0 for mode in self.modes]),
            on_true=on_true,
            on_false=on_false,
            missing=np.array(self.missing) if self.missing else None,
            members=None,
            weights=weights,
            reached=reached,
        )

    def _check(self, features: int) -> None:
        lists = (self.nodeids, self.featureids, self.modes, self.values, self.truenodeids, self.falsenodeids)
        if not self.treeids or any(len(given) != len(self.treeids) for given in lists):
            raise ConversionError("is not a valid node: the lists of nodes are not equally long")
        unknown = set(self.modes) - {*MODES, LEAF}
        if unknown:
            raise ConversionError(f"is not a valid node: there is no mode {min(unknown)}")
        used = [i for i, mode in zip(self.featureids, self.modes, strict=True) if mode != LEAF]
        if used and not 0 <= min(used) <= max(used) < features:
            raise ConversionError(f"is not a valid node: feature {max(used)} of {features}")

    def _following(self, place: dict[tuple[int, int], int], ids: Sequence[int]) -> Array:
        keys = enumerate(zip(self.treeids, ids, strict=True))
        return np.array([i if self.modes[i] == LEAF else _found(place, key) for i, key in keys])


def _found(place: dict[tuple[int, int], int], key: tuple[int, int]) -> int:
    if key not in place:
        raise ConversionError(f"is not a valid node: tree {key[0]} has no node {key[1]}")
    return place[key]


def _numbers(b: GraphBuilder, floats: Sequence[float] | None, tensor: Operand | None) -> Array:
    values = None if tensor is None else b.value(tensor)
    return np.array(floats or [], np.float32) if values is None else values


@onnx_op("TreeEnsembleRegressor", domain=DOMAIN, how=HOW, limits=OF_TARGETS)
def tree_ensemble_regressor(
    b: GraphBuilder,
    X: Operand,
    *,
    aggregate_function: str = "SUM",
    base_values: list[float] | None = None,
    base_values_as_tensor: Operand | None = None,
    n_targets: int | None = None,
    nodes_falsenodeids: list[int] | None = None,
    nodes_featureids: list[int] | None = None,
    nodes_hitrates: list[float] | None = None,
    nodes_hitrates_as_tensor: Operand | None = None,
    nodes_missing_value_tracks_true: list[int] | None = None,
    nodes_modes: list[str] | None = None,
    nodes_nodeids: list[int] | None = None,
    nodes_treeids: list[int] | None = None,
    nodes_truenodeids: list[int] | None = None,
    nodes_values: list[float] | None = None,
    nodes_values_as_tensor: Operand | None = None,
    post_transform: str = "NONE",
    target_ids: list[int] | None = None,
    target_nodeids: list[int] | None = None,
    target_treeids: list[int] | None = None,
    target_weights: list[float] | None = None,
    target_weights_as_tensor: Operand | None = None,
) -> Operand:
    if aggregate_function not in FUNCTIONS:
        raise ConversionError(f"aggregate_function {aggregate_function} is not one of {', '.join(FUNCTIONS)}")
    said = target_treeids or [], target_nodeids or [], target_ids or [], _numbers(b, target_weights, target_weights_as_tensor)
    nodes = Nodes(
        nodes_treeids or [],
        nodes_nodeids or [],
        nodes_featureids or [],
        nodes_modes or [],
        _numbers(b, nodes_values, nodes_values_as_tensor),
        nodes_truenodeids or [],
        nodes_falsenodeids or [],
        nodes_missing_value_tracks_true,
        said,
    )
    x = rows(b, X)
    total = nodes.forest(b, x.shape[1], n_targets or 1).total(b, x, FUNCTIONS[aggregate_function])
    base = _numbers(b, base_values, base_values_as_tensor)
    return of_targets(b, b.add(total, base.astype(np.float32)) if base.size else total, post_transform)


@onnx_op("TreeEnsembleClassifier", domain=DOMAIN, how=f"{HOW}; argMax", limits=f"{STRINGS}; {TRANSFORMS}")
def tree_ensemble_classifier(
    b: GraphBuilder,
    X: Operand,
    *,
    base_values: list[float] | None = None,
    base_values_as_tensor: Operand | None = None,
    class_ids: list[int] | None = None,
    class_nodeids: list[int] | None = None,
    class_treeids: list[int] | None = None,
    class_weights: list[float] | None = None,
    class_weights_as_tensor: Operand | None = None,
    classlabels_int64s: list[int] | None = None,
    classlabels_strings: list[str] | None = None,
    nodes_falsenodeids: list[int] | None = None,
    nodes_featureids: list[int] | None = None,
    nodes_hitrates: list[float] | None = None,
    nodes_hitrates_as_tensor: Operand | None = None,
    nodes_missing_value_tracks_true: list[int] | None = None,
    nodes_modes: list[str] | None = None,
    nodes_nodeids: list[int] | None = None,
    nodes_treeids: list[int] | None = None,
    nodes_truenodeids: list[int] | None = None,
    nodes_values: list[float] | None = None,
    nodes_values_as_tensor: Operand | None = None,
    post_transform: str = "NONE",
) -> tuple[Value, Operand]:
    weights = _numbers(b, class_weights, class_weights_as_tensor)
    nodes = Nodes(
        nodes_treeids or [],
        nodes_nodeids or [],
        nodes_featureids or [],
        nodes_modes or [],
        _numbers(b, nodes_values, nodes_values_as_tensor),
        nodes_truenodeids or [],
        nodes_falsenodeids or [],
        nodes_missing_value_tracks_true,
        (class_treeids or [], class_nodeids or [], class_ids or [], weights),
    )
    x, classes = rows(b, X), len(classlabels_int64s or classlabels_strings or [])
    base = _numbers(b, base_values, base_values_as_tensor).astype(np.float32)
    if classes == 2 and len(set(class_ids or [])) == 1:
        return _of_two(b, nodes, x, base, bool((weights >= 0).all()), post_transform, classlabels_int64s, classlabels_strings)
    forest = nodes.forest(b, x.shape[1], classes)
    scores = forest.total(b, x)
    said = None if base.size else forest.said(b, x)
    scores = b.add(scores, base) if base.size else scores
    candidates = scores if said is None else b.where(said, scores, float("-inf"))
    return largest(b, candidates, classlabels_int64s, classlabels_strings), transformed(b, scores, post_transform)


def _of_two(
    b: GraphBuilder,
    nodes: Nodes,
    x: Operand,
    base: Array,
    of_one: bool,
    post_transform: str,
    ints: Sequence[int] | None,
    strings: Sequence[str] | None,
) -> tuple[Value, Operand]:
    """Two classes of which the leaves say something to one: its score is that of the second, whichever it is."""
    if base.size > 1:
        raise ConversionError("has base values of two classes, of which one has scores")
    trees, places, ids, values = nodes.leaves
    second = Nodes(**{**vars(nodes), "leaves": (trees, places, [0] * len(ids), values)})
    total = second.forest(b, x.shape[1], 1).total(b, x)
    score = b.add(total, base) if base.size else total
    label = b.cast(b.greater(b.reshape(score, [score.shape[0]]), 0.5 if of_one else 0.0), DataType.INT64)
    return labels(b, label, ints, strings), opposed(b, score, post_transform, of_one=of_one)

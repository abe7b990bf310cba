"""Rows: linear models, encoders and classic decision trees of ai.onnx.ml."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import numpy_helper

from tests.onnx.one_node import OneNode
from tests.onnx.values import f32, some
from webnn_graph.data_types import Array

RANDOM = np.random.default_rng(8)
X, CLASSES, FEATURES = f32(9, 4), 3, 4
GAPS = np.where(RANDOM.random((9, 4)) < 0.3, np.nan, X).astype(np.float32)
NUMBERS = some("int64", 5, 2, low=0, high=4)


def ml(op: str, *inputs: Array, version: int = 3, outputs: tuple[int, ...] = (0,), **attributes: Any) -> OneNode:
    """A row of the domain."""
    return OneNode(op, inputs, attributes, outputs, domain="ai.onnx.ml", opset=15, version=version)


def floats(*shape: int) -> list[float]:
    """Random numbers, as attributes have them."""
    numbers: list[float] = RANDOM.normal(size=shape).astype(np.float32).ravel().tolist()
    return numbers


def linear(*, scores: int = CLASSES, post: str = "NONE", outputs: tuple[int, ...] = (0, 1), **labels: Any) -> OneNode:
    """A linear classifier."""
    numbers = {"coefficients": floats(scores, FEATURES), "intercepts": floats(scores)}
    return ml("LinearClassifier", X, outputs=outputs, post_transform=post, **numbers, **labels)


def trees(what: str, *, ids: int, depth: int = 3, modes: tuple[str, ...] = ("BRANCH_LEQ",)) -> dict[str, Any]:
    """Two complete trees of this depth, and one that is a leaf and says something to the first and the last target."""
    inner = 2**depth - 1
    nodes = [(tree, node) for tree in range(2) for node in range(2 * inner + 1)]
    leaves = [(tree, node) for tree, node in nodes if node >= inner]
    on_true = [min(2 * node + 1, 2 * inner) if node < inner else 0 for _, node in nodes]
    on_false = [min(2 * node + 2, 2 * inner) if node < inner else 0 for _, node in nodes]
    return {
        "nodes_treeids": [tree for tree, _ in nodes] + [2],
        "nodes_nodeids": [node for _, node in nodes] + [0],
        "nodes_featureids": [*RANDOM.integers(0, FEATURES, len(nodes)).tolist(), 0],
        "nodes_values": [*RANDOM.integers(-4, 4, len(nodes)).astype(float).tolist(), 0.0],
        "nodes_modes": [*("LEAF" if node >= inner else modes[node % len(modes)] for _, node in nodes), "LEAF"],
        "nodes_truenodeids": [*on_true, 0],
        "nodes_falsenodeids": [*on_false, 0],
        f"{what}_treeids": [*(tree for tree, _ in leaves), 2, *[2] * (ids > 1)],
        f"{what}_nodeids": [*(node for _, node in leaves), 0, *[0] * (ids > 1)],
        f"{what}_ids": [*RANDOM.integers(0, ids, len(leaves)).tolist(), 0, *[ids - 1] * (ids > 1)],
        f"{what}_weights": floats(len(leaves) + 1 + (ids > 1)),
    }


def classifier(attributes: dict[str, Any], *, outputs: tuple[int, ...] = (0, 1), x: Array = X, **more: Any) -> OneNode:
    """A classifier of trees."""
    return ml("TreeEnsembleClassifier", x, outputs=outputs, **attributes, **more)


def shares(attributes: dict[str, Any]) -> dict[str, Any]:
    """The same trees with weights that are shares of 1."""
    return {**attributes, "class_weights": [abs(weight) / 8 for weight in attributes["class_weights"]]}


def svm(kernel: str, params: list[float], **more: Any) -> OneNode:
    """A machine with five support vectors."""
    numbers = {"coefficients": floats(5), "support_vectors": floats(5, FEATURES), "rho": [0.25]}
    return ml("SVMRegressor", X, kernel_type=kernel, kernel_params=params, n_supports=5, **numbers, **more)


TWO = {"classlabels_int64s": [3, 7]}
NAMES = {"classlabels_strings": ["no", "perhaps", "yes"]}
MISSING = {"nodes_missing_value_tracks_true": [node % 2 for node in range(31)]}

CASES = [
    ml("Scaler", X, offset=floats(4), scale=floats(4)),
    ml("Scaler", some("int64", 3, 4), offset=[2.0], scale=[0.5]),
    *(
        ml("Normalizer", np.where(np.arange(9)[:, None] == 2, 0, x).astype(np.float32), norm=norm)
        for x in (X,)
        for norm in ("MAX", "L1", "L2")
    ),
    ml("LinearRegressor", X, coefficients=floats(2, 4), intercepts=floats(2), targets=2),
    ml("LinearRegressor", X, coefficients=floats(2, 4), targets=2, post_transform="LOGISTIC"),
    *(linear(post=post, classlabels_ints=[4, 9, 2]) for post in ("NONE", "SOFTMAX", "LOGISTIC")),
    linear(classlabels_ints=[0, 1, 2]),
    linear(classlabels_strings=["a", "b", "c"], outputs=(1,)),
    *(linear(scores=1, post=post, classlabels_ints=[5, 6]) for post in ("NONE", "LOGISTIC")),
    ml("Imputer", GAPS, imputed_value_floats=floats(4), replaced_value_float=float("nan")),
    ml("Imputer", NUMBERS, imputed_value_int64s=[9], replaced_value_int64=3),
    ml("FeatureVectorizer", X, f32(9, 2), inputdimensions=[4, 2]),
    ml("OneHotEncoder", NUMBERS, cats_int64s=[1, 3, 0], zeros=1),
    ml("LabelEncoder", NUMBERS, version=2, keys_int64s=[1, 4, 2], values_int64s=[10, 40, 20]),
    ml("LabelEncoder", NUMBERS, version=2, keys_int64s=[1, 4, 2], values_floats=[0.5, 2.0, 1.0], default_float=-9.0),
    ml("LabelEncoder", np.array([1.5, np.nan, 2.0], np.float32), version=4, keys_floats=[2.0, float("nan")], values_floats=[3.0, 4.0]),
    ml("LabelEncoder", NUMBERS, version=4, keys_int64s=[1, 4, 2], values_int64s=[10, 40, 20], default_int64=7),
    ml(
        "LabelEncoder",
        NUMBERS,
        version=4,
        keys_tensor=numpy_helper.from_array(np.array([0, 3])),
        values_tensor=numpy_helper.from_array(np.array([5, 6])),
        default_tensor=numpy_helper.from_array(np.array([-2])),
    ),
    *(
        ml("TreeEnsembleRegressor", X, **trees("target", ids=2), n_targets=2, aggregate_function=how)
        for how in ("SUM", "AVERAGE", "MIN", "MAX")
    ),
    ml("TreeEnsembleRegressor", X, **trees("target", ids=1, depth=5), n_targets=1, base_values=[0.25]),
    ml(
        "TreeEnsembleRegressor",
        np.round(X),
        **trees("target", ids=1, modes=("BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")),
        n_targets=1,
    ),
    ml("TreeEnsembleRegressor", GAPS, **trees("target", ids=1), **MISSING, n_targets=1),
    *(classifier(trees("class", ids=3), classlabels_int64s=[2, 5, 9], post_transform=post) for post in ("NONE", "SOFTMAX", "LOGISTIC")),
    classifier(trees("class", ids=3), classlabels_int64s=[0, 1, 2], base_values=floats(3)),
    classifier(trees("class", ids=3), outputs=(1,), **NAMES),
    classifier(trees("class", ids=2), **TWO, outputs=(1,)),
    *(classifier(trees("class", ids=1), **TWO, post_transform=post) for post in ("NONE", "LOGISTIC")),
    classifier(trees("class", ids=1), **TWO, base_values=[0.5], post_transform="LOGISTIC"),
    classifier(shares(trees("class", ids=1)), **TWO),
    *(svm(kernel, params) for kernel, params in (("LINEAR", [0.0] * 3), ("RBF", [0.1, 0.0, 0.0]), ("POLY", [0.1, 0.5, 3.0]))),
    svm("SIGMOID", [0.01, 0.2, 0.0], one_class=1),
    ml("SVMRegressor", X, coefficients=floats(4), rho=[0.5], kernel_params=[0.0] * 3),
]
EQUIVALENT = [(ml("ZipMap", X, classlabels_int64s=[0, 1, 2, 3]), OneNode("Identity", (X,), domain=""))]

"""Rows: decision trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import numpy_helper

from tests.onnx.one_node import OneNode
from tests.onnx.values import f32

RANDOM = np.random.default_rng(5)
INNER, TARGETS, FEATURES = 7, 3, 4


def forest(modes: list[int], **attributes: Any) -> OneNode:
    """Two complete trees of depth 3 over random features, of nodes with these modes in turn."""
    nodes = 2 * INNER
    below = [[2 * (n % INNER) + side for n in range(nodes)] for side in (1, 2)]
    leaf = [[int(child >= INNER) for child in side] for side in below]
    place = [
        [child - INNER + (INNER + 1) * (n // INNER) if child >= INNER else child + INNER * (n // INNER) for n, child in enumerate(side)]
        for side in below
    ]
    used = np.resize(np.array(modes, np.uint8), nodes)
    sets = np.tile(np.array([1, 3, np.nan], np.float32), int((used == 6).sum()))
    given = {
        "tree_roots": [0, INNER],
        "nodes_modes": numpy_helper.from_array(used),
        "nodes_splits": numpy_helper.from_array(RANDOM.integers(-3, 3, nodes).astype(np.float32)),
        "nodes_featureids": RANDOM.integers(0, FEATURES, nodes).tolist(),
        "nodes_truenodeids": place[0],
        "nodes_trueleafs": leaf[0],
        "nodes_falsenodeids": place[1],
        "nodes_falseleafs": leaf[1],
        "leaf_targetids": RANDOM.integers(0, TARGETS, nodes + 2).tolist(),
        "leaf_weights": numpy_helper.from_array(RANDOM.normal(size=nodes + 2).astype(np.float32)),
        "n_targets": TARGETS,
    }
    if sets.size:
        given["membership_values"] = numpy_helper.from_array(sets)
    return OneNode("TreeEnsemble", (np.round(f32(20, FEATURES)),), given | attributes, domain="ai.onnx.ml", opset=21)


CASES = [
    forest([0]),
    forest([3], aggregate_function=0),
    forest([1], aggregate_function=2),
    forest([2], aggregate_function=3),
    forest([0, 6]),
    forest([4, 5, 1]),
]

"""Finds boxes with the graph that was cut, and compares them with what ONNX Runtime finds with the whole model."""

import numpy as np
import onnxruntime

from webnn_graph import load


def suppress(boxes, scores, overlap=0.5, threshold=0.15, limit=10):
    """The boxes to keep: the best first, none that covers a better one by more than ``overlap``."""
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if scores[i] > threshold and all(common(boxes[i], boxes[k]) <= overlap for k in kept):
            kept.append(i)
    return boxes[kept[:limit]]


def common(a, b):
    """The intersection of two boxes [top, left, bottom, right] over their union."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    intersection = np.prod(np.maximum(sides, 0))
    return intersection / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - intersection)


image = np.zeros((1, 3, 64, 64), np.float32)
image[..., 9:17, 21:29] = 1
image[..., 43:51, 34:42] = 0.8

outputs = load("detector.webnn")(image=image)
boxes = suppress(outputs["boxes"][0], outputs["scores"][0, 0])
print(boxes.round().astype(int))

(selected,) = onnxruntime.InferenceSession("detector.onnx").run(None, {"image": image})
np.testing.assert_array_equal(boxes, outputs["boxes"][0, selected[:, 2]])

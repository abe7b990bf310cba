"""Writes detector.onnx, which finds bright squares. Like most detectors it ends in non-maximum suppression."""

import numpy as np
import onnx
from onnx import numpy_helper

MODEL = """
<ir_version: 8, opset_import: ["": 17]>
detector (float[1, 3, 64, 64] image) => (int64[found, 3] selected)
<int64[3] rows = {1, 3, -1}, int64[2] parts = {1, 2}, float half = {4}, float tiny = {0.001},
 int64[1] limit = {10}, float[1] overlap = {0.5}, float[1] threshold = {0.15}>
{
  [backbone] cells = Conv <strides = [8, 8], pads = [4, 4, 4, 4]> (image, kernels)
  [flatten] flat = Reshape (cells, rows)
  [split] scores, moments = Split <axis = 1> (flat, parts)
  [mass] mass = Max (scores, tiny)
  [shift] shift = Div (moments, mass)
  [center] center = Add (shift, centers)
  [low] low = Sub (center, half)
  [high] high = Add (center, half)
  [edges] edges = Concat <axis = 1> (low, high)
  [boxes] boxes = Transpose <perm = [0, 2, 1]> (edges)
  [nms] selected = NonMaxSuppression (boxes, scores, limit, overlap, threshold)
}
"""

# Each cell sees 16 x 16 pixels: how bright they are, and how far from its center the bright ones lie.
y, x = np.mgrid[-7.5:8, -7.5:8]
kernels = np.stack([np.ones_like(y), y, x])[:, None].repeat(3, axis=1) / (3 * 16 * 16)
centers = np.stack(np.mgrid[4:64:8, 4:64:8]).reshape(1, 2, 64)

model = onnx.parser.parse_model(MODEL)
for name, values in {"kernels": kernels, "centers": centers}.items():
    model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
onnx.save(model, "detector.onnx")

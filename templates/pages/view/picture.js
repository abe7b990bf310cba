// What is drawn of a scene: boxes and curves in the coordinates of the whole picture, from what is open.

import { placed } from "./places.js";

/**
 * The boxes and curves of a scene. A box has `x`, `y`, `width`, `height`, its `kind` and `number`, and the `depth` of open groups
 * around it. A curve has the number of its operand, points `[x, y, ...]`, its bounds, whether it `ends` at a box, and whether it is `cut`: too long to draw.
 */
export function pictureOf(scene, isOpen, sizeOf) {
  const boxes = [];
  const curves = [];
  const whole = placed(scene, 0, isOpen, sizeOf);
  emit(scene, 0, whole, 0, 0, 0, boxes, curves);
  return { boxes, curves, width: whole.width, height: whole.height };
}

function emit(scene, group, place, left, top, depth, boxes, curves) {
  const { vertices, ways } = scene.groups[group];
  const { x, y, bottom, inner } = place;
  vertices.forEach(([kind, number], v) => {
    if (kind === "enter" || kind === "leave") return;
    const within = inner.get(v);
    const { width, height } = place.sizes[v];
    const box = { kind: within ? "open" : kind, number, x: left + x[v] - width / 2, y: top + y[v], width, height, depth };
    boxes.push(box);
    if (within) emit(scene, number, within, box.x, box.y, depth + 1, boxes, curves);
  });
  for (const [operand, ...way] of ways) {
    const from = port(scene, vertices, way[0], "leave", operand, place, left);
    const to = port(scene, vertices, way.at(-1), "enter", operand, place, left);
    const points = [from, top + bottom[way[0]]];
    for (const bend of way.slice(1, -1)) points.push(left + x[bend], top + y[bend], left + x[bend], top + bottom[bend]);
    points.push(to, top + y[way.at(-1)]);
    const cut = way.length === 2 && place.rows[way[1]] - place.rows[way[0]] > 1;
    const ends = !inner.has(way.at(-1)) && vertices[way.at(-1)][0] !== "leave"; // the others go on
    curves.push({ operand, points, cut, ends, ...bounds(points) });
  }
}

/** Where a tensor leaves or enters a vertex: its middle, or the place on the frame of an open group. */
function port(scene, vertices, v, kind, operand, place, left) {
  const within = place.inner.get(v);
  if (!within) return left + place.x[v];
  const at = scene.groups[vertices[v][1]].vertices.findIndex(([k, number]) => k === kind && number === operand);
  return left + place.x[v] - within.width / 2 + within.x[at];
}

function bounds(points) {
  let [left, right, top, low] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    low = Math.max(low, points[i + 1]);
  }
  return { left, right, top, low };
}

// Coordinates: the layout gives rows and orders, this module gives widths, heights and positions to what is open.

export const TITLE = 24; // height of an open group's title
const PADDING = 16;
const ROW_GAP = 34;
const FRAME_GAP = 12; // between the frame of a group and its first and last row
const GAP = 22; // between boxes of a row
const BEND_GAP = 9; // between tensors that pass a row
const UNIT = 90; // what the layout's unit is before widths are known
const SWEEPS = 6;

/**
 * The size of a group that is open, and where each vertex is in it: `x` is the middle, `y` the top.
 * `sizeOf(vertex)` gives the width and height of a call, a closed group, an input or an output.
 */
export function placed(scene, group, isOpen, sizeOf) {
  const { vertices, rows, places, ways } = scene.groups[group];
  const count = rows.length;
  const inner = new Map();
  const sizes = [];
  const width = new Float64Array(count);
  const height = new Float64Array(count);
  for (let v = 0; v < vertices.length; v++) {
    const [kind, number] = vertices[v];
    if (kind === "enter" || kind === "leave") continue;
    if (kind === "group" && isOpen(number)) inner.set(v, placed(scene, number, isOpen, sizeOf));
    sizes[v] = inner.get(v) ?? sizeOf(vertices[v]);
    width[v] = sizes[v].width;
    height[v] = sizes[v].height;
  }
  const inRow = ordered(rows, places);
  const { above, below } = neighbours(rows, ways, vertices.length);
  const x = Float64Array.from(places, (place) => place * UNIT);
  const isSlim = (v) => width[v] === 0;
  const arrange = (wanted) => inRow.forEach((row) => spread(row, x, width, isSlim, wanted));
  arrange(() => null);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const near = sweep % 2 ? below : above;
    const rowsInTurn = sweep % 2 ? [...inRow].reverse() : inRow;
    for (const row of rowsInTurn) spread(row, x, width, isSlim, (v) => mean(near[v], x));
  }
  let left = Infinity;
  let right = -Infinity;
  for (let v = 0; v < count; v++) {
    left = Math.min(left, x[v] - width[v] / 2);
    right = Math.max(right, x[v] + width[v] / 2);
  }
  const y = new Float64Array(count);
  const bottom = new Float64Array(count);
  let low = 0;
  let top = group ? TITLE : PADDING;
  for (const row of inRow) {
    const tallest = row.reduce((most, v) => Math.max(most, height[v]), 0);
    const gap = tallest || row.some((v) => v >= vertices.length) ? ROW_GAP : FRAME_GAP;
    for (const v of row) {
      y[v] = top;
      bottom[v] = v < vertices.length ? top + height[v] : top + tallest;
    }
    low = top + tallest;
    top = low + gap;
  }
  const total = Math.max(right - left, 0) + 2 * PADDING;
  for (let v = 0; v < count; v++) x[v] += PADDING - left;
  const size = { width: total, height: low + PADDING };
  for (let v = 0; v < vertices.length; v++) {
    if (vertices[v][0] === "enter") y[v] = bottom[v] = 0; // on the frame of the group
    if (vertices[v][0] === "leave") y[v] = bottom[v] = size.height;
  }
  return { ...size, rows, sizes, x, y, bottom, inner };
}

function ordered(rows, places) {
  const inRow = [];
  rows.forEach((row, v) => (inRow[row] ??= []).push(v));
  const kept = inRow.filter(Boolean);
  for (const row of kept) row.sort((a, b) => places[a] - places[b]);
  return kept;
}

/** For each vertex those it is connected with in the next rows, with weights: what passes rows should be straight. */
function neighbours(rows, ways, firstBend) {
  const above = rows.map(() => []);
  const below = rows.map(() => []);
  for (const [, ...way] of ways)
    for (let i = 1; i < way.length; i++) {
      const [a, b] = [way[i - 1], way[i]];
      if (rows[b] !== rows[a] + 1) continue;
      const weight = 1 + (a >= firstBend ? 3 : 0) + (b >= firstBend ? 3 : 0);
      above[b].push([a, weight]);
      below[a].push([b, weight]);
    }
  return { above, below };
}

function mean(near, x) {
  let sum = 0;
  let weights = 0;
  for (const [v, weight] of near) {
    sum += weight * x[v];
    weights += weight;
  }
  return weights ? { at: sum / weights, weight: weights } : null;
}

/**
 * Moves the vertices of a row as near as possible to where they are wanted, in their order and without overlap: least squares
 * under order constraints, by pooling neighbours that would cross.
 */
function spread(row, x, width, isSlim, wanted) {
  const pools = [];
  let offset = 0;
  const offsets = row.map((v, i) => {
    if (i) offset += (width[row[i - 1]] + width[v]) / 2 + (isSlim(row[i - 1]) || isSlim(v) ? BEND_GAP : GAP);
    return offset;
  });
  row.forEach((v, i) => {
    const { at, weight } = wanted(v) ?? { at: x[v], weight: 0.1 };
    let pool = { sum: weight * (at - offsets[i]), weight, count: 1 };
    while (pools.length && pools.at(-1).sum / pools.at(-1).weight > pool.sum / pool.weight) {
      const before = pools.pop();
      pool = { sum: before.sum + pool.sum, weight: before.weight + pool.weight, count: before.count + pool.count };
    }
    pools.push(pool);
  });
  let i = 0;
  for (const { sum, weight, count } of pools) for (let end = i + count; i < end; i++) x[row[i]] = sum / weight + offsets[i];
}

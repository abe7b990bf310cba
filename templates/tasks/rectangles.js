/** Of points, one in each row, those that are corners of their hull to the left, or with -1 to the right. */
function outermost(points, sign) {
  const kept = [];
  for (const [x, y] of points) {
    while (kept.length > 1) {
      const [[x0, y0], [x1, y1]] = kept.slice(-2);
      if (sign * ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) < 0) break;
      kept.pop();
    }
    kept.push([x, y]);
  }
  return kept;
}

/** The convex hull of a component, points one after another. */
const hullOf = ({ left, right }) => [...outermost(left, 1), ...outermost(right, -1).reverse()];

/**
 * The smallest rectangle around a hull of whole numbers that is larger by a margin on all sides, one of which is one of its:
 * { corners, sides }; nothing around a point.
 */
function around(hull, margin = 0) {
  let best;
  hull.forEach(([x0, y0], i) => {
    const [x1, y1] = hull[(i + 1) % hull.length];
    const [x, y] = [x1 - x0, y1 - y0];
    const square = x * x + y * y;
    if (!square) return;
    let [left, right, upper, lower] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [px, py] of hull) {
      const [along, across] = [px * x + py * y, py * x - px * y];
      left = Math.min(left, along);
      right = Math.max(right, along);
      upper = Math.min(upper, across);
      lower = Math.max(lower, across);
    }
    const more = margin * Math.sqrt(square);
    [left, right, upper, lower] = [left - more, right + more, upper - more, lower + more];
    const area = ((right - left) * (lower - upper)) / square;
    if (!best || area < best.area) best = { area, x, y, square, left, right, upper, lower };
  });
  if (!best) return undefined;
  const { x, y, square, left, right, upper, lower } = best;
  const places = [
    [left, upper],
    [right, upper],
    [right, lower],
    [left, lower],
  ];
  const length = Math.sqrt(square);
  return {
    corners: places.map(([a, b]) => [(a * x - b * y) / square, (a * y + b * x) / square]),
    sides: [(right - left) / length, (lower - upper) / length],
  };
}

/** The pixels of a line by Bresenham's algorithm, from left to right; halves are rounded towards the start. */
function* line(one, other) {
  const [[x, y], [endX, endY]] = one[0] <= other[0] ? [one, other] : [other, one];
  const [width, height] = [endX - x, Math.abs(endY - y)];
  const longer = Math.max(width, height);
  const along = (side, step) => longer && Math.floor((2 * step * side + longer - 1) / (2 * longer));
  for (let step = 0; step <= longer; step += 1) yield [x + along(width, step), y + Math.sign(endY - y) * along(height, step)];
}

/**
 * The mean of a map in a convex polygon of whole numbers, with the pixels of its sides.
 *
 * @param {Float64Array} sums what stands left of each pixel of a row together, one more each row than it is wide
 */
function meanIn(sums, width, height, corners) {
  const rows = new Map();
  corners.forEach((corner, i) => {
    for (const [x, y] of line(corner, corners[(i + 1) % corners.length])) {
      const [left, right] = rows.get(y) ?? [x, x];
      rows.set(y, [Math.min(left, x), Math.max(right, x)]);
    }
  });
  let [sum, count] = [0, 0];
  for (const [y, ends] of rows) {
    const [left, right] = [Math.max(0, ends[0]), Math.min(width - 1, ends[1])];
    if (y < 0 || y >= height || left > right) continue;
    sum += sums[y * (width + 1) + right + 1] - sums[y * (width + 1) + left];
    count += right - left + 1;
  }
  return sum / Math.max(1, count);
}

export { around, hullOf, meanIn };

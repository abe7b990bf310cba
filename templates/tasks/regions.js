import { LEAST_GROWN, LEAST_LINE, LEAST_SIDE, SAME_LINE } from "./facts.js";
import { components } from "./components.js";
import { around, hullOf, meanIn } from "./rectangles.js";
import { rounded } from "./rounding.js";

/** What stands left of each pixel of a row together. */
function summed(values, width, height) {
  const sums = new Float64Array((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) sums[y * (width + 1) + x + 1] = sums[y * (width + 1) + x] + values[y * width + x];
  }
  return sums;
}

/** Corners as upper left, upper right, lower right, lower left: of the two to the left the upper one is the first. */
function clockwise(corners) {
  const order = [...corners].sort(([x, y], [otherX, otherY]) => x - otherX || y - otherY);
  const [upperRight, lowerRight] = order[2][1] <= order[3][1] ? order.slice(2) : [order[3], order[2]];
  const [upperLeft, lowerLeft] = order[0][1] <= order[1][1] ? order : [order[1], order[0]];
  return [upperLeft, upperRight, lowerRight, lowerLeft];
}

/** From top to bottom; one that begins hardly lower than the one before it, and left of it, comes before it. */
function asRead(found) {
  const order = [...found].sort(({ corners: [[x, y]] }, { corners: [[otherX, otherY]] }) => y - otherY || x - otherX);
  for (let end = 1; end < order.length; end += 1) {
    for (let i = end; i > 0; i -= 1) {
      const [[x, y], [before, above]] = [order[i].corners[0], order[i - 1].corners[0]];
      if (Math.abs(y - above) >= SAME_LINE || x >= before) break;
      [order[i - 1], order[i]] = [order[i], order[i - 1]];
    }
  }
  return order;
}

const apart = ([x, y], [otherX, otherY]) => Math.hypot(x - otherX, y - otherY);

/** Where lines of text are in a picture, of how probable it is for each pixel that it is of one. */
function answered([numbers], [{ shape, label, threshold: above, score: usual, unclip, dilated }], { threshold = usual }, { fit, size }) {
  const [height, width] = shape.slice(-2);
  const values = Float64Array.from(numbers, (value) => Math.min(1, Math.max(0, value || 0)));
  const sums = summed(values, width, height);
  const inPicture = ([x, y]) => [
    rounded(Math.min(fit.width, Math.max(0, (x * (size[1] / width) - fit.left) / fit.xScale))),
    rounded(Math.min(fit.height, Math.max(0, (y * (size[0] / height) - fit.top) / fit.yScale))),
  ];
  const found = [];
  for (const component of components(values, width, above, dilated)) {
    const rectangle = around(hullOf(component));
    if (!rectangle || Math.min(...rectangle.sides) < LEAST_SIDE) continue;
    const whole = rectangle.corners.map((corner) => corner.map(Math.trunc));
    const score = meanIn(sums, width, height, whole);
    const [long, wide] = rectangle.sides;
    const grown = around(whole, (long * wide * unclip) / (2 * (long + wide)));
    if (!grown || score < threshold || Math.min(...grown.sides) < LEAST_GROWN) continue;
    const corners = clockwise(grown.corners.map(inPicture));
    if (Math.min(apart(corners[0], corners[1]), apart(corners[0], corners[3])) < LEAST_LINE) continue;
    const [x, y] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
    const box = { left: Math.min(...x), top: Math.min(...y), right: Math.max(...x), bottom: Math.max(...y) };
    found.push({ label, score, box, corners });
  }
  return asRead(found);
}

export { answered };

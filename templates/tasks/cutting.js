import { MOST_PIXELS, TALL } from "./facts.js";
import { weightOf } from "./cubic.js";
import { isWrong } from "./mistakes.js";
import { pixelsOf } from "./sources.js";

const distance = ([x, y], [otherX, otherY]) => Math.hypot(x - otherX, y - otherY);

/** Where a point of a rectangle, in shares of its sides, is in a quadrilateral: the projection of Heckbert's thesis (1989), 2.2.3. */
function projection([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const [ax, ay, bx, by, cx, cy] = [x1 - x2, y1 - y2, x3 - x2, y3 - y2, x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const area = ax * by - bx * ay || 1;
  const [g, h] = [(cx * by - bx * cy) / area, (ax * cy - cx * ay) / area];
  return (u, v) => {
    const depth = g * u + h * v + 1;
    return [((x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * v + x0) / depth, ((y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * v + y0) / depth];
  };
}

/** The four pixels around a place on an axis, and how much each counts; beyond the axis is what its end has. */
function pixelsAt(place, length) {
  const inside = Math.min(length + 2, Math.max(-2, place || 0));
  const first = Math.floor(inside);
  return [-1, 0, 1, 2].map((step) => [Math.min(length - 1, Math.max(0, first + step)), weightOf(Math.abs(inside - first - step))]);
}

/** A picture's colour at a place between pixels, bicubic: red, green and blue. */
function colourAt({ width, height, pixels }, x, y) {
  const colour = [0, 0, 0];
  const columns = pixelsAt(x, width);
  for (const [row, down] of pixelsAt(y, height)) {
    for (const [column, across] of columns) {
      const pixel = pixels[row * width + column];
      for (let i = 0; i < 3; i += 1) colour[i] += ((pixel >>> (8 * i)) & 255) * down * across;
    }
  }
  return colour.map((value) => Math.floor(value + 0.5));
}

/** What of a picture lies between four corners, upright: { width, height, data }, as ImageData has it; what is tall is turned to the left. */
function straightened(picture, corners) {
  const [one, two, three, four] = corners;
  const width = Math.max(1, Math.floor(Math.max(distance(one, two), distance(three, four))));
  const height = Math.max(1, Math.floor(Math.max(distance(one, four), distance(two, three))));
  if (!(width * height <= MOST_PIXELS)) throw isWrong(`a part of ${width} x ${height} pixels is cut out; at most ${MOST_PIXELS} are`);
  const isTall = height >= TALL * width;
  const data = new Uint8ClampedArray(4 * width * height);
  const placeOf = projection(corners);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const pixel = isTall ? (width - 1 - x) * height + y : y * width + x;
      data.set([...colourAt(picture, ...placeOf(x / width, y / height)), 255], 4 * pixel);
    }
  }
  return isTall ? { width: height, height: width, data } : { width, height, data };
}

/** What of a picture is one thing that was found in it, as a picture. */
export async function cut(source, { corners }) {
  const areNumbers = corners?.length === 4 && corners.every((corner) => corner?.length === 2 && corner.every(Number.isFinite));
  if (!areNumbers) throw isWrong("what is cut out has four corners, [x, y] each");
  return straightened(await pixelsOf(source), corners);
}

import { MOST_PIXELS, TALL } from "./facts.js";
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

/** A picture's colour at a place between pixels, of the four around it, red first, and opaque. */
function colourAt({ width, height, pixels }, x, y, into, at) {
  const inside = (value, length) => Math.min(length - 1, Math.max(0, value || 0));
  const [left, upper] = [inside(x, width), inside(y, height)];
  const [column, row] = [Math.floor(left), Math.floor(upper)];
  const [toRight, toLower] = [left - column, upper - row];
  const [right, lower] = [Math.min(width - 1, column + 1), Math.min(height - 1, row + 1)];
  const [a, b, c, d] = [pixels[row * width + column], pixels[row * width + right], pixels[lower * width + column], pixels[lower * width + right]];
  for (let bit = 0; bit < 24; bit += 8) {
    const of = (pixel) => (pixel >>> bit) & 255;
    const [above, below] = [of(a) * (1 - toRight) + of(b) * toRight, of(c) * (1 - toRight) + of(d) * toRight];
    into[at + bit / 8] = Math.floor(above * (1 - toLower) + below * toLower + 0.5);
  }
  into[at + 3] = 255;
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
      colourAt(picture, ...placeOf(x / width, y / height), data, 4 * pixel);
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

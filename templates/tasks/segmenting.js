import { inside, placesOf } from "./places.js";
import { rounded } from "./rounding.js";

/** What each pixel of a picture is, of labels of a map's pixels, or of the numbers of the best ones. */
function answered([numbers], [tensor], _, place) {
  const { kind, names, shape, scores } = tensor;
  const { width, height } = place.fit;
  const classes = new (names.length > 256 ? Uint16Array : Uint8Array)(width * height);
  if (kind !== "mask") between(numbers, tensor, place, classes);
  else if (scores === "none") next(numbers, shape, names.length, place, classes);
  else between(both(numbers, scores), { shape: [2, ...shape.slice(-2)], axis: 0, names }, place, classes);
  return { width, height, labels: names, classes };
}

/** Scores of both labels, of those of the second one. */
function both(numbers, scores) {
  const half = scores === "logits" ? 0 : 0.5;
  return Float32Array.from({ length: 2 * numbers.length }, (_, i) => (i < numbers.length ? half : numbers[i - numbers.length] || 0));
}

/** Of each pixel that of the map's next one. */
function next(numbers, shape, count, place, classes) {
  const [height, width] = shape.slice(-2);
  const [rows, columns] = placesOf(place, height, width).map((places, i) => places.map((at) => inside(Math.floor(at + 0.5), shape.slice(-2)[i])));
  let at = 0;
  for (const row of rows) for (const column of columns) classes[at++] = inside(rounded(numbers[row * width + column] || 0), count);
}

/** The first of the largest of so many values. */
function largest(count, valueOf) {
  let [best, most] = [0, valueOf(0)];
  for (let i = 1; i < count; i += 1) {
    const value = valueOf(i);
    if (value > most) [best, most] = [i, value];
  }
  return best;
}

/** Of each pixel what is the largest, by values between those of the map: what is at all four pixels around is between them, too. */
function between(numbers, { shape, axis, names }, place, classes) {
  const many = names.length;
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((one, other) => one * other, 1));
  const [down, across] = [...shape.keys()].filter((i) => i !== (axis + shape.length) % shape.length).slice(-2);
  const [height, width, step] = [shape[down], shape[across], strides.at(axis)];
  const at = (y, x) => y * strides[down] + x * strides[across];
  const best = new Uint32Array(height * width);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) best[i] = largest(many, (label) => numbers[at(y, x) + label * step]);
  }
  const [rows, columns] = placesOf(place, height, width);
  let pixel = 0;
  for (const row of rows) {
    const y = inside(row, height);
    const above = Math.floor(y);
    const below = Math.min(height - 1, above + 1);
    for (const column of columns) {
      const x = inside(column, width);
      const left = Math.floor(x);
      const right = Math.min(width - 1, left + 1);
      const label = best[above * width + left];
      const isAbove = best[above * width + right] === label;
      const isSame = isAbove && best[below * width + left] === label && best[below * width + right] === label;
      const [a, b, c, d] = isSame ? [] : [at(above, left), at(above, right), at(below, left), at(below, right)];
      const mixed = (one, other, share) => one * (1 - share) + other * share;
      classes[pixel++] = isSame
        ? label
        : largest(many, (i) => {
            const from = i * step;
            return mixed(mixed(numbers[a + from], numbers[c + from], y - above), mixed(numbers[b + from], numbers[d + from], y - above), x - left);
          });
    }
  }
}

export { answered };

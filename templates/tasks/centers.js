import { detected } from "./detecting.js";
import { pointing } from "./pointing.js";
import { probabilities } from "./scores.js";

/** A row for each cell of a grid, of what maps say of it: box as centre and size, scores and points, in pixels of the model's input. */
function rowsOf([heat, sizes, offsets, points = []], { names, scores, stride, order, log, middle, shape }) {
  const width = shape.at(-1);
  const cells = heat.length / names.length;
  const chances = probabilities(heat, { scores, several: true }, 0, heat.length);
  const pairs = points.length / cells / 2;
  const length = 4 + names.length + 2 * pairs;
  const rows = new Float64Array(cells * length);
  for (let i = 0; i < cells; i += 1) {
    const put = (member, value) => (rows[i * length + member] = value);
    for (const axis of [0, 1]) {
      const of = (maps, pair) => maps[(2 * pair + (order === "xy" ? axis : 1 - axis)) * cells + i];
      const place = axis ? Math.floor(i / width) : i % width;
      const centre = put(axis, (place + of(offsets, 0) + middle / 2) * stride);
      const side = put(axis + 2, (log ? Math.exp(of(sizes, 0)) : of(sizes, 0)) * stride);
      for (let pair = 0; pair < pairs; pair += 1) put(4 + names.length + 2 * pair + axis, centre - side / 2 + of(points, pair) * side);
    }
    names.forEach((_, label) => put(4 + label, chances[label * cells + i]));
  }
  return { rows, shape: [cells, length] };
}

/** What is in a picture, of a heat map of centres and what other maps say of the same cells. */
function answered(numbers, [tensor], { overlap = tensor.overlap, ...options }, place) {
  const { names, points } = tensor;
  const { rows, shape } = rowsOf(numbers, tensor);
  const same = { names, form: "rows", unit: "pixels", exclusive: false, shape };
  return detected(rows, same, { ...options, overlap }, place, points && pointing(points, "pixels", place));
}

export { answered };

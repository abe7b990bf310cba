import { MOST_MASKED } from "./facts.js";
import { detected } from "./detecting.js";
import { isWrong } from "./mistakes.js";
import { inside, placesOf } from "./places.js";

/**
 * What is in a picture with a mask of each, of boxes, scores and coefficients in one, and prototypes: their sum, each times its
 * coefficient, is resized to the picture bilinearly; a pixel in the box where it is above 0 is the object's.
 */
function answered([numbers, maps], [tensor, { shape }], options, place) {
  const [count, height, width] = shape.slice(-3);
  const [down, across] = placesOf(place, height, width).map((places, i) => places.map((at) => inside(at, [height, width][i])));
  let total = 0;

  /** The sum of maps at their rows and columns from the first to the last. */
  function summed(value, top, bottom, left, right) {
    const line = right - left + 1;
    const sums = new Float64Array((bottom - top + 1) * line);
    for (let map = 0; map < count; map += 1) {
      const times = value(map);
      for (let y = top, to = 0; y <= bottom; y += 1) {
        for (let x = left, from = (map * height + y) * width + left; x <= right; x += 1) sums[to++] += times * maps[from++];
      }
    }
    return (y, x) => sums[(Math.min(y, bottom) - top) * line + Math.min(x, right) - left];
  }

  return detected(numbers, tensor, options, place, (box, value) => {
    const [left, top, right, bottom] = box.map((side) => Math.ceil(side) || 0);
    const mask = { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top), pixels: undefined };
    const many = mask.width * mask.height;
    total += many;
    if (total > MOST_MASKED) throw isWrong(`masks of objects have ${total} pixels; at most ${MOST_MASKED} are made: a higher threshold asks for fewer`);
    const pixels = (mask.pixels = new Uint8Array(many));
    if (!many) return { mask };
    const [rows, columns] = [down.subarray(top, bottom), across.subarray(left, right)];
    const last = (places, length) => Math.min(length - 1, Math.floor(places.at(-1)) + 1);
    const sum = summed(value, Math.floor(rows[0]), last(rows, height), Math.floor(columns[0]), last(columns, width));
    let to = 0;
    for (const row of rows) {
      const y = Math.floor(row);
      const mixed = (x) => sum(y, x) * (1 - row + y) + sum(y + 1, x) * (row - y);
      for (const column of columns) {
        const x = Math.floor(column);
        pixels[to++] = Number(mixed(x) * (1 - column + x) + mixed(x + 1) * (column - x) > 0);
      }
    }
    return { mask };
  });
}

export { answered };

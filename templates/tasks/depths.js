import { weightOf } from "./cubic.js";
import { inside, placesOf } from "./places.js";

/** What each place takes of an axis: the four next pixels, and their weights. */
function tapsOf(places, length) {
  const [indices, weights] = [new Int32Array(4 * places.length), new Float64Array(4 * places.length)];
  places.forEach((place, i) => {
    const first = Math.floor(place) - 1;
    for (let tap = 0; tap < 4; tap += 1) {
      indices[4 * i + tap] = inside(first + tap, length);
      weights[4 * i + tap] = weightOf(Math.abs(place - first - tap));
    }
  });
  return { indices, weights };
}

/** How far away each pixel of a picture is: a map, resized bicubically. */
function answered([numbers], [{ shape, inverse }], _, place) {
  const [height, width] = shape.slice(-2);
  const { fit } = place;
  const [down, across] = placesOf(place, height, width).map((places, i) => tapsOf(places, shape.slice(-2)[i]));
  const wide = new Float32Array(height * fit.width);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < fit.width; x += 1, at += 1) {
      for (let tap = 4 * x; tap < 4 * x + 4; tap += 1) wide[at] += across.weights[tap] * numbers[y * width + across.indices[tap]];
    }
  }
  const values = new Float32Array(fit.height * fit.width);
  for (let y = 0, at = 0; y < fit.height; y += 1) {
    for (let x = 0; x < fit.width; x += 1, at += 1) {
      for (let tap = 4 * y; tap < 4 * y + 4; tap += 1) values[at] += down.weights[tap] * wide[down.indices[tap] * fit.width + x];
    }
  }
  return { width: fit.width, height: fit.height, values, inverse };
}

export { answered };

/** Resizing as OpenCV does it with INTER_LANCZOS4: of the 64 next pixels alone, in whole numbers. Beyond the sides is what is at them. */
import { rounded } from "./rounding.js";

/** Of each place the eight pixels around it, and how many of 2,048 parts each counts; steps are rounded as OpenCV rounds them. */
function around(from, to, { first, count }) {
  const places = new Int32Array(8 * count);
  const parts = new Int32Array(8 * count);
  const weights = new Float32Array(8);
  const { fround } = Math;
  for (let i = 0; i < count; i += 1) {
    const place = fround((first + i + 0.5) * (1 / (to / from)) - 0.5);
    const start = Math.floor(place);
    let sum = 0;
    for (let j = 0; j < 8; j += 1) {
      places[8 * i + j] = Math.min(from - 1, Math.max(0, start + j - 3));
      const distance = fround(fround(place - start) + 3) - j;
      const angle = (distance * Math.PI) / 4;
      weights[j] = Math.abs(distance) < 1e-6 ? 1e30 : ((j % 2 ? -1 : 1) * Math.sin(angle)) / (angle * angle);
      sum = fround(sum + weights[j]);
    }
    for (let j = 0; j < 8; j += 1) parts[8 * i + j] = rounded(fround(weights[j] * fround(1 / sum)) * 2048);
  }
  return [places, parts];
}

/** A row of pixels in its new width: sums of red, green and blue. */
function widened(pixels, offset, columns, count) {
  const [places, parts] = columns;
  const sums = new Int32Array(3 * count);
  for (let i = 0; i < 8 * count; i += 1) {
    const at = 3 * (i >> 3);
    const pixel = pixels[offset + places[i]];
    sums[at] += (pixel & 255) * parts[i];
    sums[at + 1] += ((pixel >>> 8) & 255) * parts[i];
    sums[at + 2] += ((pixel >>> 16) & 255) * parts[i];
  }
  return sums;
}

/** As that of resampling.js. */
function resized({ width, height, pixels }, madeWidth, madeHeight, _, across, down) {
  const columns = around(width, madeWidth, across);
  const [places, parts] = around(height, madeHeight, down);
  const made = new Uint32Array(across.count * down.count);
  const rows = new Map();
  for (let y = 0; y < down.count; y += 1) {
    for (const row of rows.keys()) if (row < places[8 * y]) rows.delete(row);
    const taken = [...places.subarray(8 * y, 8 * y + 8)].map((row) => {
      if (!rows.has(row)) rows.set(row, widened(pixels, row * width, columns, across.count));
      return rows.get(row);
    });
    for (let i = 0; i < 3 * across.count; i += 1) {
      let sum = 1 << 21;
      for (let j = 0; j < 8; j += 1) sum += taken[j][i] * parts[8 * y + j];
      const at = Math.trunc(i / 3);
      made[y * across.count + at] |= Math.min(255, Math.max(0, sum >> 22)) << (8 * (i - 3 * at));
    }
  }
  return made;
}

export { resized };

/** Resizing as OpenCV does it by default: of the four next pixels alone, in whole numbers. */
import { rounded } from "./rounding.js";

/** Of each place the pixels before and behind it, and how much of 2,048 parts each counts. */
function besides(from, to, { first, count }, isAcross) {
  const before = new Int32Array(count);
  const after = new Int32Array(count);
  const parts = new Int32Array(2 * count);
  const { fround } = Math;
  for (let i = 0; i < count; i += 1) {
    const place = fround((first + i + 0.5) * (1 / (to / from)) - 0.5);
    const start = Math.floor(place);
    before[i] = Math.min(from - 1, Math.max(0, start));
    after[i] = Math.min(from - 1, start + 1);
    const share = isAcross && before[i] === after[i] ? 0 : fround(place - start);
    parts[2 * i] = rounded(fround(1 - share) * 2048);
    parts[2 * i + 1] = rounded(share * 2048);
  }
  return [before, after, parts];
}

/** As that of resampling.js. */
function resized({ width, height, pixels }, madeWidth, madeHeight, _, across, down) {
  const [left, right, rightward] = besides(width, madeWidth, across, true);
  const [above, below, downward] = besides(height, madeHeight, down, false);
  const made = new Uint32Array(across.count * down.count);
  for (let y = 0, at = 0; y < down.count; y += 1) {
    const upper = above[y] * width;
    const lower = below[y] * width;
    for (let x = 0; x < across.count; x += 1, at += 1) {
      const mixed = (row, bit) =>
        (((pixels[row + left[x]] >>> bit) & 255) * rightward[2 * x] + ((pixels[row + right[x]] >>> bit) & 255) * rightward[2 * x + 1]) >> 4;
      for (let bit = 0; bit < 24; bit += 8) {
        const sum = ((mixed(upper, bit) * downward[2 * y]) >> 16) + ((mixed(lower, bit) * downward[2 * y + 1]) >> 16);
        made[at] |= ((sum + 2) >> 2) << bit;
      }
    }
  }
  return made;
}

export { resized };

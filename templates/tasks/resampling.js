/**
 * Resizing as the Python library Pillow does it, so that a page computes what a processor computed in training: of each pixel of the
 * result all that it covers counts, by a filter that is as much wider as the picture gets smaller; in two passes, and each
 * time the sums are rounded to 8 bits. Pixels are numbers 0xAABBGGRR; what becomes of alpha is not said.
 */
const sinc = (x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1);

/** How far each filter reaches, and its weight at a distance from 0 on; box has an end that counts and one that does not. */
const FILTERS = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0)],
  bicubic: [2, (x) => cubic(Math.abs(x), -0.5)],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

function cubic(x, a) {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** Weights are integers of so many bits behind the point: sums of 255 times as much fit 32 bits. */
const BITS = 22;

/** What each of `count` places from `first` on takes of an axis of `from` pixels that gets `to`. */
function weightsOf(resample, from, to, { first, count }) {
  const [reach, weight] = FILTERS[resample];
  const scale = from / to;
  const wider = Math.max(1, scale);
  const support = reach * wider;
  const most = 2 * Math.ceil(support) + 1;
  const starts = new Int32Array(count);
  const lengths = new Int32Array(count);
  const weights = new Int32Array(count * most);
  const row = new Float64Array(most);
  for (let i = 0; i < count; i += 1) {
    const center = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const length = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let j = 0; j < length; j += 1) sum += row[j] = weight((start + j - center + 0.5) * (1 / wider));
    starts[i] = start;
    lengths[i] = length;
    for (let j = 0; j < length; j += 1) {
      const share = (sum ? row[j] / sum : row[j]) * 2 ** BITS;
      weights[i * most + j] = Math.trunc(share + (share < 0 ? -0.5 : 0.5));
    }
  }
  return { starts, lengths, weights, most };
}

const clipped = (sum) => {
  const value = sum >> BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

/** One axis of `lines`: what is `step` apart in the source is of one line, and lines are `apart`; the same of what is made. */
function weighed(source, step, apart, offset, made, madeStep, madeApart, lines, count, { starts, lengths, weights, most }) {
  for (let line = 0; line < lines; line += 1) {
    const begin = offset + line * apart;
    let at = line * madeApart;
    for (let i = 0; i < count; i += 1, at += madeStep) {
      let from = begin + starts[i] * step;
      let red = 1 << (BITS - 1);
      let green = red;
      let blue = red;
      const end = i * most + lengths[i];
      for (let k = i * most; k < end; k += 1, from += step) {
        const pixel = source[from];
        const weight = weights[k];
        red = (red + Math.imul(pixel & 255, weight)) | 0;
        green = (green + Math.imul((pixel >>> 8) & 255, weight)) | 0;
        blue = (blue + Math.imul((pixel >>> 16) & 255, weight)) | 0;
      }
      made[at] = clipped(red) | (clipped(green) << 8) | (clipped(blue) << 16);
    }
  }
}

/** What an axis needs of the picture, and the weights of that; none where its length stays. */
function axisOf(resample, from, to, wanted) {
  if (from === to) return { ...wanted, weights: undefined };
  const weights = weightsOf(resample, from, to, wanted);
  const [first, last] = [weights.starts[0], wanted.count - 1];
  const count = weights.starts[last] + weights.lengths[last] - first;
  weights.starts = weights.starts.map((start) => start - first);
  return { first, count, weights };
}

function horizontally({ pixels, stride, offset, height }, weights) {
  const width = weights.starts.length;
  const made = new Uint32Array(width * height);
  weighed(pixels, 1, stride, offset, made, 1, width, height, width, weights);
  return { pixels: made, stride: width, offset: 0, width, height };
}

function vertically({ pixels, stride, offset, width }, weights) {
  const height = weights.starts.length;
  const made = new Uint32Array(width * height);
  weighed(pixels, stride, 1, offset, made, width, 1, width, height, weights);
  return { pixels: made, stride: width, offset: 0, width, height };
}

/** The part of a picture's other size that is `across.count` pixels wide from `across.first` on, and as high as `down` says. */
function resized({ width, height, pixels }, madeWidth, madeHeight, resample, across, down) {
  const columns = axisOf(resample, width, madeWidth, across);
  const rows = axisOf(resample, height, madeHeight, down);
  let part = { pixels, stride: width, offset: rows.first * width + columns.first, width: columns.count, height: rows.count };
  // Since its version 13, what loses far more rows than columns loses them first.
  const isTall = height - madeHeight > 2 * Math.max(0, width - madeWidth);
  if (isTall && rows.weights) part = vertically(part, rows.weights);
  if (columns.weights) part = horizontally(part, columns.weights);
  if (!isTall && rows.weights) part = vertically(part, rows.weights);
  return part.pixels;
}

export { resized };

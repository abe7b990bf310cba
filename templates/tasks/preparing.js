import { TYPES } from "./facts.js";
import { fitted } from "./fitting.js";
import { converted } from "./numbers.js";

/** Of each value from 0 to 255 what the model takes of it, in one channel. */
function table({ scale, mean, std, dataType }, channel) {
  const { fround } = Math;
  const of = (values, otherwise) => fround(values.length ? values[values.length > 1 ? channel : 0] : otherwise);
  const values = Float32Array.from({ length: 256 }, (_, value) => fround(fround(value * fround(scale)) - of(mean, 0)) / of(std, 1));
  return converted(values, dataType);
}

/**
 * A picture as an input takes it, how it lies there, and the input's height and width.
 *
 * @param {any} picture as pixelsOf() gives it
 * @param {any} image the input
 */
function prepared(picture, image) {
  const { layout, channels, fill } = image;
  const isPlanar = layout === "nchw";
  const { width, height, across, down, pixels, fit, size } = fitted(picture, image);
  const scale = image.peak ? (image.scale * 255) / largest(pixels, image) : image.scale;
  const count = { gray: 1, rgba: 4 }[channels] ?? 3;
  const values = new TYPES[image.dataType][0](width * height * count);
  const [next, step] = isPlanar ? [width * height, 1] : [1, count];
  for (let channel = 0; channel < count; channel += 1) {
    const taken = table({ ...image, scale }, channel);
    const isAlpha = channel > 2;
    const rest = isAlpha ? 255 : fill;
    if (fill !== undefined) for (let i = 0; i < width * height; i += 1) values[channel * next + i * step] = taken[rest];
    const bit = channels === "bgr" ? 16 - 8 * channel : 8 * channel;
    for (let y = 0, from = 0; y < down.count; y += 1) {
      let to = channel * next + ((down.start + y) * width + across.start) * step;
      for (let x = 0; x < across.count; x += 1, from += 1, to += step) {
        const pixel = pixels[from];
        values[to] = taken[isAlpha ? 255 : channels === "gray" ? greyOf(pixel) : (pixel >>> bit) & 255];
      }
    }
  }
  return { values, fit, size };
}

/** How bright a pixel is, by the weights of ITU-R 601-2. */
const greyOf = (pixel) => ((pixel & 255) * 19595 + ((pixel >>> 8) & 255) * 38470 + ((pixel >>> 16) & 255) * 7471 + 0x8000) >> 16;

/** The largest value of pixels, and of what lies around them; not 0. */
function largest(pixels, { channels, fill }) {
  let most = fill || 1;
  for (const pixel of pixels) {
    for (let bit = 0; bit < 24; bit += 8) most = Math.max(most, channels === "gray" ? greyOf(pixel) : (pixel >>> bit) & 255);
  }
  return most;
}

export { prepared };

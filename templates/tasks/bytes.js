import { fitted } from "./fitting.js";

const OPAQUE = 0xff000000;

/**
 * A picture as an input of red, green, blue and alpha takes it, how it lies there, and the input's height and width.
 *
 * @param {any} picture as pixelsOf() gives it
 * @param {any} image the input
 */
function prepared(picture, image) {
  const { width, height, across, down, pixels, fit, size } = fitted(picture, image);
  // Signed, since what is beyond 31 bits takes twice as long.
  const source = new Int32Array(pixels.buffer);
  const made = new Int32Array(width * height);
  if (image.fill !== undefined) made.fill(OPAQUE + 0x10101 * image.fill);
  for (let y = 0, from = 0; y < down.count; y += 1) {
    let to = (down.start + y) * width + across.start;
    for (let x = 0; x < across.count; x += 1) made[to++] = source[from++] | OPAQUE;
  }
  return { values: new Uint8Array(made.buffer), fit, size };
}

export { prepared };

import { MOST_PIXELS } from "./facts.js";
import { isWrong } from "./mistakes.js";
import { rounded } from "./rounding.js";
import { resized } from "./resampling.js";

/** Width and height of a picture as it is resized for an input. */
function madeSize(picture, image, width, height) {
  const { resize, edge } = image;
  if (resize === "stretch" || resize === "square") return edge ? [edge, edge] : [width, height];
  const sides = [picture.width, picture.height];
  if (resize === "cover") {
    const wanted = edge ?? Math.min(height, width);
    const shorter = Math.min(...sides);
    if (image.rounded) return sides.map((side) => rounded(side * (wanted / shorter)));
    return sides.map((side) => (side === shorter ? wanted : Math.trunc((wanted * side) / shorter)));
  }
  if (resize === "line") return [Math.min(width, Math.ceil(height * (picture.width / picture.height))), height];
  const share = Math.min(width / picture.width, height / picture.height);
  return sides.map((side) => Math.max(1, rounded(side * share)));
}

/** Where `made` pixels lie in `size`, and which of them are there. */
function overlap(isInCorner, made, size) {
  const offset = isInCorner ? 0 : Math.trunc((size - made) / 2);
  const start = Math.max(0, offset);
  return { offset, start, first: start - offset, count: Math.min(size, offset + made) - start };
}

/** How a picture lies in the model's input, where an input that it lies in is placed there by the graph. */
function within(fit, { left, top, right, bottom }, width, height) {
  const [across, down] = [(right - left) / width, (bottom - top) / height];
  return {
    ...fit,
    xScale: fit.xScale * across,
    yScale: fit.yScale * down,
    left: fit.left * across + left,
    top: fit.top * down + top,
  };
}

/** The rows and columns of a picture that stays as large as it is. */
function cropped({ width, pixels }, across, down) {
  const made = new Uint32Array(across.count * down.count);
  for (let y = 0; y < down.count; y += 1) {
    const from = (down.first + y) * width + across.first;
    made.set(pixels.subarray(from, from + across.count), y * across.count);
  }
  return made;
}

/** A picture that is filled up to a square, and where its left and its top are there. */
function squared({ width, height, pixels }, { place, fill = 0 }) {
  const side = Math.max(width, height);
  if (side * side > MOST_PIXELS) throw isWrong(`the picture is to become ${side} x ${side} pixels; at most ${MOST_PIXELS} are made`);
  const [left, top] = [width, height].map((own) => (place === "center" ? Math.trunc((side - own) / 2) : 0));
  const made = new Uint32Array(side * side).fill(0x10101 * fill);
  for (let y = 0; y < height; y += 1) made.set(pixels.subarray(y * width, (y + 1) * width), (top + y) * side + left);
  return { width: side, height: side, pixels: made, left, top };
}

/**
 * What of a picture lies where in an input: its pixels in their new size, and which rows and columns they are.
 *
 * @param {any} given as pixelsOf() gives it
 * @param {any} image the input
 */
function fitted(given, image) {
  const { shape, layout, resize, place, resample, placed } = image;
  const [height, width] = layout === "nchw" ? shape.slice(-2) : shape.slice(-3, -1);
  const picture = resize === "square" ? squared(given, image) : { ...given, left: 0, top: 0 };
  const [madeWidth, madeHeight] = madeSize(picture, image, width, height);
  const isInCorner = resize === "line" || (resize === "contain" && place === "corner");
  const across = overlap(isInCorner, madeWidth, width);
  const down = overlap(isInCorner, madeHeight, height);
  const [xScale, yScale] = [madeWidth / picture.width, madeHeight / picture.height];
  const [left, top] = [across.offset + picture.left * xScale, down.offset + picture.top * yScale];
  const fit = { width: given.width, height: given.height, xScale, yScale, left, top };
  const isSame = madeWidth === picture.width && madeHeight === picture.height;
  return {
    width,
    height,
    across,
    down,
    pixels: isSame ? cropped(picture, across, down) : resized(picture, madeWidth, madeHeight, resample, across, down),
    fit: placed ? within(fit, placed, width, height) : fit,
    size: placed ? [placed.height, placed.width] : [height, width],
  };
}

export { fitted };

import { rounded } from "./rounding.js";
import { resized } from "./resampling.js";

/** Width and height of a picture as it is resized for an input. */
function madeSize(picture, { resize, edge }, width, height) {
  if (resize === "stretch") return edge ? [edge, edge] : [width, height];
  const sides = [picture.width, picture.height];
  if (resize === "cover") {
    const wanted = edge ?? Math.min(height, width);
    const shorter = Math.min(...sides);
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

/**
 * What of a picture lies where in an input: its pixels in their new size, and which rows and columns they are.
 *
 * @param {any} picture as pixelsOf() gives it
 * @param {any} image the input
 */
function fitted(picture, image) {
  const { shape, layout, resize, place, resample, placed } = image;
  const [height, width] = layout === "nchw" ? shape.slice(-2) : shape.slice(-3, -1);
  const [madeWidth, madeHeight] = madeSize(picture, image, width, height);
  const isInCorner = resize === "line" || (resize === "contain" && place === "corner");
  const across = overlap(isInCorner, madeWidth, width);
  const down = overlap(isInCorner, madeHeight, height);
  const scales = { xScale: madeWidth / picture.width, yScale: madeHeight / picture.height };
  const fit = { width: picture.width, height: picture.height, ...scales, left: across.offset, top: down.offset };
  return {
    width,
    height,
    across,
    down,
    pixels: resized(picture, madeWidth, madeHeight, resample, across, down),
    fit: placed ? within(fit, placed, width, height) : fit,
    size: placed ? [placed.height, placed.width] : [height, width],
  };
}

export { fitted };

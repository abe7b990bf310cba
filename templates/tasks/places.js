/**
 * Where the rows or columns of a picture are in a map of the model's input: the middle of the map's first pixel is 0.
 *
 * @param {number} count of the picture
 * @param {number} scale of the picture in the input
 * @param {number} offset of the picture in the input
 * @param {number} size of the input
 * @param {number} length of the map
 */
const along = (count, scale, offset, size, length) => Float64Array.from({ length: count }, (_, i) => ((i + 0.5) * scale + offset) * (length / size) - 0.5);

/** The places of rows and those of columns in a map of a height and a width. */
function placesOf({ fit, size }, height, width) {
  return [along(fit.height, fit.yScale, fit.top, size[0], height), along(fit.width, fit.xScale, fit.left, size[1], width)];
}

/** No farther than an axis is long. */
const inside = (place, length) => Math.min(length - 1, Math.max(0, place));

export { inside, placesOf };

/** Resizing as the Python library Pillow does it where no pixels are mixed. */

/** Which pixel of `from` each of `to` is. */
function nearestOf(from, to, { first, count }) {
  const scale = from / to;
  const places = new Int32Array(count);
  let place = scale * 0.5;
  for (let i = 0; i < first + count; i += 1, place += scale) if (i >= first) places[i - first] = Math.min(from - 1, Math.trunc(place));
  return places;
}

/** As that of resampling.js. */
function resized({ width, height, pixels }, madeWidth, madeHeight, _, across, down) {
  const columns = nearestOf(width, madeWidth, across);
  const made = new Uint32Array(across.count * down.count);
  nearestOf(height, madeHeight, down).forEach((row, y) => {
    for (let x = 0; x < columns.length; x += 1) made[y * columns.length + x] = pixels[row * width + columns[x]];
  });
  return made;
}

export { resized };

import { MOST_BOXES, STRIDES } from "./facts.js";
import { cornersOf, found, likeliestOf, namedOf, ofPicture } from "./objects.js";

/** Column, row and side of each of so many cells of the grids over a picture, row by row, the finest grid first. */
function cellsOf([height, width], count) {
  const cells = [];
  for (const side of STRIDES) {
    const columns = Math.floor(width / side);
    for (let i = 0; i < Math.floor(height / side) * columns && cells.length < count; i += 1) cells.push([i % columns, Math.floor(i / columns), side]);
  }
  return cells;
}

/** What is in a picture, of a box for each cell as YOLOX has them: the centre from the cell's corner on, and the logarithms of the sides. */
function answered([numbers], [{ names, unit, exclusive }], options, { fit, size }) {
  const named = namedOf(names);
  const length = names.length + 5;
  const candidates = cellsOf(size, numbers.length / length).map(([column, row, side], i) => {
    const [x, y, width, height, any, ...scores] = numbers.subarray(i * length, (i + 1) * length);
    const box = () => [(x + column) * side, (y + row) * side, Math.exp(width) * side, Math.exp(height) * side];
    return { ...likeliestOf(named, (label) => scores[label] * any), at: () => ofPicture(cornersOf(box(), "cxcywh", unit, size), fit) };
  });
  return found(candidates, names, MOST_BOXES, fit, options, exclusive);
}

export { answered };

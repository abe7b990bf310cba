import { MOST_BOXES } from "./facts.js";
import { rounded } from "./rounding.js";
import { cornersOf, found, inPicture, likeliestOf, namedOf } from "./objects.js";

/** Column, row and side of each of YOLOX's cells, the smallest first; larger models have cells of 64 pixels, too. */
function cellsOf([height, width], count) {
  const cells = [];
  for (let side = 8; side <= 64 && cells.length < count; side *= 2) {
    const [rows, columns] = [Math.floor(height / side), Math.floor(width / side)];
    for (let i = 0; i < rows * columns; i += 1) cells.push([i % columns, Math.floor(i / columns), side]);
  }
  return cells;
}

/** A box in a cell, with the logarithm of its size, as centre and size in pixels. */
const inCell = ([x, y, width, height], [column, row, side]) => [
  (x + column) * side,
  (y + row) * side,
  Math.exp(width) * side,
  Math.exp(height) * side,
];

/** What is in a picture, of boxes and scores in one, as YOLO has them. */
function answered([numbers], [{ names, form, unit, exclusive }], { threshold, overlap }, { fit, size }) {
  const isChosen = form === "final" || form === "best";
  const isSure = form === "objects" || form === "cells";
  const length = isChosen ? 6 : names.length + (isSure ? 5 : 4);
  const count = numbers.length / length;
  const cells = form === "cells" && cellsOf(size, count);
  const [next, step] = form === "columns" ? [1, count] : [length, 1];
  const named = namedOf(names);
  const candidates = [];
  for (let i = 0; i < count; i += 1) {
    const value = (member) => numbers[i * next + member * step];
    const scoreOf = isSure ? (label) => value(5 + label) * value(4) : (label) => value(4 + label);
    const label = isChosen && Math.min(names.length - 1, Math.max(0, rounded(value(5))));
    const box = () => (cells ? inCell([0, 1, 2, 3].map(value), cells[i]) : [0, 1, 2, 3].map(value));
    const at = () => inPicture(cornersOf(box(), isChosen ? "xyxy" : "cxcywh", unit, size), fit);
    if (!isChosen) candidates.push({ ...likeliestOf(named, scoreOf), at });
    else if (names[label]) candidates.push({ label, score: value(4), at });
  }
  return found(candidates, names, MOST_BOXES, threshold, overlap, exclusive);
}

export { answered };

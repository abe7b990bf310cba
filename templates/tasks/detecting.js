import { MOST_BOXES } from "./facts.js";
import { rounded } from "./rounding.js";
import { cornersOf, found, likeliestOf, namedOf, ofPicture } from "./objects.js";

/**
 * What is in a picture, of boxes and scores in one, as YOLO has them.
 *
 * @param {any} [more] gives members of an object, of its box and a function that reads its numbers behind the scores
 */
function detected(numbers, { names, form, unit, exclusive, shape }, options, { fit, size }, more) {
  const isChosen = form === "final" || form === "best";
  const [rows, columns] = shape.slice(-2);
  const [count, next, step] = form === "columns" ? [columns, 1, columns] : [rows, columns, 1];
  const start = form === "objects" ? 5 : 4;
  const first = isChosen ? 6 : start + names.length;
  const named = namedOf(names);
  const candidates = [];
  for (let i = 0; i < count; i += 1) {
    const value = (member) => numbers[i * next + member * step];
    const scoreOf = (label) => value(start + label) * (start === 5 ? value(4) : 1);
    const label = isChosen && Math.min(names.length - 1, Math.max(0, rounded(value(5))));
    const one = {
      at: () => ofPicture(cornersOf([0, 1, 2, 3].map(value), isChosen ? "xyxy" : "cxcywh", unit, size), fit),
      rest: (member) => value(first + member),
    };
    if (!isChosen) candidates.push({ ...likeliestOf(named, scoreOf), ...one });
    else if (names[label]) candidates.push({ label, score: value(4), ...one });
  }
  return found(candidates, names, MOST_BOXES, fit, options, exclusive, more);
}

export { detected };

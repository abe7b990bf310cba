import { MOST_BOXES } from "./facts.js";
import { rounded } from "./rounding.js";
import { cornersOf, found, inPicture, likeliestOf, namedOf } from "./objects.js";

/** What is in a picture, of boxes and scores in one, as YOLO has them. */
function answered([numbers], [{ names, form, unit, exclusive }], { threshold, overlap }, { fit, size }) {
  const isChosen = form === "final" || form === "best";
  const length = isChosen ? 6 : names.length + (form === "objects" ? 5 : 4);
  const count = numbers.length / length;
  const [next, step] = form === "columns" ? [1, count] : [length, 1];
  const named = namedOf(names);
  const candidates = [];
  for (let i = 0; i < count; i += 1) {
    const value = (member) => numbers[i * next + member * step];
    const scoreOf = form === "objects" ? (label) => value(5 + label) * value(4) : (label) => value(4 + label);
    const label = isChosen && Math.min(names.length - 1, Math.max(0, rounded(value(5))));
    const at = () => inPicture(cornersOf([0, 1, 2, 3].map(value), isChosen ? "xyxy" : "cxcywh", unit, size), fit);
    if (!isChosen) candidates.push({ ...likeliestOf(named, scoreOf), at });
    else if (names[label]) candidates.push({ label, score: value(4), at });
  }
  return found(candidates, names, MOST_BOXES, threshold, overlap, exclusive);
}

export { answered };

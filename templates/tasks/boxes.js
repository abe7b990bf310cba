import { MOST_BOXES } from "./facts.js";
import { cornersOf, found, likeliestOf, namedOf, ofPicture } from "./objects.js";
import { probabilities } from "./scores.js";

/** What is in a picture, of boxes, [n, 4], and labels, [n, labels]. */
function answered([numbers, scored], [boxes, labels], options, { fit, size }) {
  const candidates = [];
  const named = namedOf(labels.names);
  const many = labels.names.length;
  const count = numbers.length / 4;
  for (let i = 0; i < count; i += 1) {
    const scores = probabilities(scored, labels, i * many, many);
    const at = () => ofPicture(cornersOf([...numbers.subarray(4 * i, 4 * i + 4)], boxes.format, boxes.unit, size), fit);
    if (labels.several) for (const label of named) candidates.push({ label, score: scores[label], at });
    else candidates.push({ ...likeliestOf(named, (label) => scores[label]), at });
  }
  return found(candidates, labels.names, Math.min(count, MOST_BOXES), fit, options);
}

export { answered };

import { MOST_BOXES } from "./facts.js";
import { found, ofPicture } from "./objects.js";
import { probabilities } from "./scores.js";

const OF_ONE = { scores: "logits", several: false };

/**
 * What is in a picture, of grids of cells: the scores of each, and how far away each side of its box is, 0, 1, 2, ... cells. A cell may
 * be of several labels.
 */
function answered(numbers, tensors, options, { fit, size }) {
  const [{ names, overlap: most }] = tensors;
  const { overlap = most, threshold } = options;
  const candidates = [];
  let cells = 0;
  for (let level = 0; level < tensors.length; level += 2) {
    const [scored, distances] = numbers.slice(level, level + 2);
    const { scores, stride } = tensors[level];
    const chances = probabilities(scored, { scores, several: true }, 0, scored.length);
    const columns = Math.ceil(size[1] / stride);
    const count = tensors[level + 1].shape.at(-1) / 4;
    cells += scored.length / names.length;
    chances.forEach((score, i) => {
      const label = i % names.length;
      if (!(score >= threshold) || !names[label]) return;
      const cell = (i - label) / names.length;
      const at = () => {
        const sides = [0, 1, 2, 3].map((side) => {
          const away = probabilities(distances, OF_ONE, (4 * cell + side) * count, count).reduce((sum, share, j) => sum + share * j, 0);
          return ((side % 2 ? Math.floor(cell / columns) : cell % columns) + 0.5 + (side < 2 ? -away : away)) * stride;
        });
        return ofPicture(sides, fit);
      };
      candidates.push({ label, score, at });
    });
  }
  candidates.sort((one, other) => other.score - one.score);
  return found(candidates.slice(0, cells), names, MOST_BOXES, fit, { ...options, overlap });
}

export { answered };

import { MOST_BOXES } from "./facts.js";
import { found, likeliestOf, namedOf, ofPicture } from "./objects.js";
import { probabilities } from "./scores.js";

const OF_ONE = { scores: "logits", several: false };

/** What is in a picture, of grids of cells: the scores of each, and how far away each side of its box is, 0, 1, 2, ... cells. */
function answered(numbers, tensors, options, { fit, size }) {
  const [{ names, overlap: most }] = tensors;
  const { overlap = most } = options;
  const named = namedOf(names);
  const candidates = [];
  for (let level = 0; level < tensors.length; level += 2) {
    const [scored, distances] = numbers.slice(level, level + 2);
    const { scores, stride } = tensors[level];
    const chances = probabilities(scored, { scores, several: true }, 0, scored.length);
    const columns = Math.ceil(size[1] / stride);
    const count = tensors[level + 1].shape.at(-1) / 4;
    for (let i = 0; i < scored.length / names.length; i += 1) {
      const best = likeliestOf(named, (label) => chances[i * names.length + label]);
      const at = () => {
        const sides = [0, 1, 2, 3].map((side) => {
          const away = probabilities(distances, OF_ONE, (4 * i + side) * count, count).reduce((sum, share, j) => sum + share * j, 0);
          return ((side % 2 ? Math.floor(i / columns) : i % columns) + 0.5 + (side < 2 ? -away : away)) * stride;
        });
        return ofPicture(sides, fit);
      };
      candidates.push({ ...best, at });
    }
  }
  return found(candidates, names, MOST_BOXES, fit, { ...options, overlap });
}

export { answered };

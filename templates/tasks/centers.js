import { MOST_BOXES } from "./facts.js";
import { cornersOf, found, likeliestOf, namedOf, ofPicture } from "./objects.js";
import { pointing } from "./pointing.js";
import { probabilities } from "./scores.js";

/** What is in a picture, of a heat map of centres and what other maps say of the same cells. */
function answered([heat, sizes, offsets, points], [tensor], options, place) {
  const { overlap = tensor.overlap } = options;
  const { names, scores, stride, order, log, middle, points: known, shape } = tensor;
  const named = namedOf(names);
  const chances = probabilities(heat, { scores, several: true }, 0, heat.length);
  const [width, cells] = [shape.at(-1), heat.length / names.length];
  const candidates = [];
  for (let i = 0; i < cells; i += 1) {
    const best = likeliestOf(named, (label) => chances[label * cells + i]);
    if (best.score < options.threshold) continue;
    const pair = (maps, first = 0) => (order === "xy" ? [0, 1] : [1, 0]).map((axis) => maps[(first + axis) * cells + i]);
    const sides = pair(sizes).map((side) => (log ? Math.exp(side) : side) * stride);
    const centre = pair(offsets).map((offset, axis) => ((axis ? Math.floor(i / width) : i % width) + offset + middle / 2) * stride);
    candidates.push({
      ...best,
      at: () => ofPicture(cornersOf([...centre, ...sides], "cxcywh", "pixels", place.size), place.fit),
      rest: (member) => centre[member % 2] + (pair(points, member - (member % 2))[member % 2] - 0.5) * sides[member % 2],
    });
  }
  return found(candidates, names, MOST_BOXES, place.fit, { ...options, overlap }, false, known && pointing(known, "pixels", place));
}

export { answered };

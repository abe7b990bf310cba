import { detected } from "./detecting.js";
import { cornersOf, inPicture, ofPicture } from "./objects.js";

/** What is in a picture with points of each, of boxes, scores and points in one. */
function answered([numbers], [tensor], options, place) {
  const { unit, points: known } = tensor;
  const { count, names, scored } = known;
  const size = scored ? 3 : 2;
  return detected(numbers, tensor, options, place, (_, value) => {
    const points = Array.from({ length: count }, (_, i) => {
      const at = i * size;
      const [x, y] = inPicture(ofPicture(cornersOf([value(at), value(at + 1)], "xyxy", unit, place.size), place.fit), place.fit);
      return { ...(names.length && { name: names[i] }), x, y, ...(scored && { score: value(at + 2) }) };
    });
    return { points };
  });
}

export { answered };

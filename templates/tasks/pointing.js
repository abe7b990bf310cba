import { cornersOf, inPicture, ofPicture } from "./objects.js";

/**
 * What gives the points of an object in the picture, of its box and a function that reads its numbers.
 *
 * @param {any} known which points there are
 * @param {any} unit that of their numbers
 */
function pointing({ count, names, scored }, unit, { fit, size }) {
  const step = scored ? 3 : 2;
  return (_, value) => {
    const points = Array.from({ length: count }, (_, i) => {
      const at = i * step;
      const [x, y] = inPicture(ofPicture(cornersOf([value(at), value(at + 1)], "xyxy", unit, size), fit), fit);
      return { ...(names.length && { name: names[i] }), x, y, ...(scored && { score: value(at + 2) }) };
    });
    return { points };
  };
}

export { pointing };

/**
 * Sides of a box, or x and y, in pixels of the model's input as those of the picture, also beyond it.
 *
 * @param {any} sides
 */
const ofPicture = (sides, fit) => sides.map((side, i) => (i % 2 ? (side - fit.top) / fit.yScale : (side - fit.left) / fit.xScale));

/**
 * The same no farther than the sides of the picture.
 *
 * @param {any} sides
 */
const inPicture = (sides, fit) => sides.map((side, i) => Math.min(i % 2 ? fit.height : fit.width, Math.max(0, side)));

/** Whether a box lies beyond a side of the picture, in what fills up the model's input. */
const isBeyond = ([left, top, right, bottom], { width, height }) =>
  Math.max(left, right) < 0 || Math.min(left, right) > width || Math.max(top, bottom) < 0 || Math.min(top, bottom) > height;

/**
 * A box of another form, or x and y, as corners in pixels of the model's input.
 *
 * @param {any} sides
 */
function cornersOf(sides, format, unit, [height, width]) {
  const [a, b, c, d] = sides;
  const left = format === "cxcywh" ? a - c / 2 : a;
  const top = format === "cxcywh" ? b - d / 2 : b;
  const corners = format === "xyxy" ? sides : [left, top, left + c, top + d];
  return unit === "relative" ? corners.map((side, i) => side * (i % 2 ? height : width)) : corners;
}

/** The intersection of two boxes as a share of their union. */
function shared(one, other) {
  const width = Math.max(0, Math.min(one[2], other[2]) - Math.max(one[0], other[0]));
  const height = Math.max(0, Math.min(one[3], other[3]) - Math.max(one[1], other[1]));
  const common = width * height;
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
  return common ? common / (area(one) + area(other) - common) : 0;
}

/**
 * What is in a picture, the most probable first: of candidates { label, score, at(), rest } that score enough those that have no more
 * than a share of their union in common with one of their label before them, or of any label; without `overlap` all of them. With `soft`
 * the others' scores are lowered by that share each time (linear Soft-NMS, Bodla et al. 2017). What else there is of one, `more` says
 * by its box in the picture and its `rest`. Those beyond a side of the picture are left out.
 *
 * @param {any} candidates
 */
function found(candidates, names, most, fit, { threshold, overlap, soft }, isExclusive = false, more = undefined) {
  const kept = [];
  const isEnough = ({ score }) => score >= threshold;
  const before = (one, other) => other.score - one.score;
  let rest = candidates.filter(isEnough).map((one) => ({ ...one, box: one.at() })).sort(before);
  while (rest.length && kept.length < most) {
    const best = rest.shift();
    kept.push(best);
    rest = rest.filter((other) => {
      const share = isExclusive || other.label === best.label ? shared(best.box, other.box) : 0;
      if (!(share > overlap)) return true;
      other.score *= 1 - share;
      return soft && isEnough(other);
    });
    if (soft) rest.sort(before);
  }
  return kept.filter(({ box }) => !isBeyond(box, fit)).map(({ label, score, box, rest }) => {
    const inside = inPicture(box, fit);
    const [left, top, right, bottom] = inside;
    return { label: names[label], score, box: { left, top, right, bottom }, ...more?.(inside, rest) };
  });
}

/** Those labels that stand for something. */
const namedOf = (names) => [...names.keys()].filter((label) => names[label]);

/** The most probable of labels, by what they score. */
function likeliestOf(labels, scoreOf) {
  let [label, score] = [labels[0], -Infinity];
  for (const one of labels) {
    const value = scoreOf(one);
    if (value > score) [label, score] = [one, value];
  }
  return { label, score };
}

export { cornersOf, found, inPicture, likeliestOf, namedOf, ofPicture };

// A vector: its length, its first numbers as bars, and how similar it is to the one before.
import { element } from "../common/element.js";
import { percent } from "./labels.js";

const MOST_BARS = 96;
const HEIGHT = 80;
let compared;

/** The cosine of the angle between two vectors of one length. */
function cosine(a, b) {
  let [product, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    product += a[i] * b[i];
    first += a[i] ** 2;
    second += b[i] ** 2;
  }
  return product / (Math.sqrt(first * second) || 1);
}

function bars(vector) {
  const shown = Array.from(vector.subarray(0, MOST_BARS));
  const most = Math.max(...shown.map(Math.abs)) || 1;
  const rows = shown.map((value, i) => {
    const height = (Math.abs(value) / most) * (HEIGHT / 2);
    return element("rect", { x: 4 * i, y: value < 0 ? HEIGHT / 2 : HEIGHT / 2 - height, width: 3, height: Math.max(0.5, height) });
  });
  const label = `The first ${shown.length} of ${vector.length} numbers`;
  const view = `0 0 ${4 * shown.length} ${HEIGHT}`;
  return element("svg", { class: "bars", viewBox: view, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...rows);
}

export const vector = {
  /** What is compared with is what was asked before. */
  answer(numbers, about) {
    const before = compared && compared.about !== about && compared.numbers.length === numbers.length ? compared : compared?.before;
    if (compared?.about !== about) compared = { numbers, about, before };
    const length = Math.sqrt(numbers.reduce((sum, value) => sum + value ** 2, 0));
    const similar = before && cosine(numbers, before.numbers);
    return [
      bars(numbers),
      element("p", { class: "quiet" }, `Its length is ${length.toPrecision(4)}.`),
      before
        ? element("p", { class: "similar" }, "Similarity with the one before: ", element("strong", {}, percent(similar)), ` (cosine ${similar.toFixed(4)})`)
        : element("p", { class: "quiet" }, "Give another one to see how similar both are."),
    ];
  },
  said: (numbers) => `A vector of ${numbers.length} numbers`,
};

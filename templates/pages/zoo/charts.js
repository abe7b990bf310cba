// Small charts: how values are distributed, on logarithmic axes that the series of a chart share.

import { element } from "../common/element.js";
import { addressOf, clipped, named } from "./words.js";

const BINS = 32;
const BAR = 8;
const HEIGHT = 32;

/**
 * A chart with a histogram for each series.
 *
 * `series` are objects with a `label` and `points`, which have a `value`, the `row` that it is of, and whether it is `wrong`;
 * `words(value)` says a value. Values of zero stand apart, at the left.
 */
export function chart(title, series, words) {
  const filled = series.filter(({ points }) => points.length);
  const positive = filled.flatMap(({ points }) => points.map(({ value }) => value)).filter((value) => value > 0);
  if (!positive.length) return null;
  const least = positive.reduce((a, b) => Math.min(a, b));
  const most = positive.reduce((a, b) => Math.max(a, b));
  const low = Math.floor(Math.log10(least) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(most) - 1e-9));
  const zeros = filled.some(({ points }) => points.some(({ value }) => !value)) ? 3 : 0; // places for them, with a gap
  const binOf = (value) => (value > 0 ? zeros + Math.min(BINS - 1, Math.floor(((Math.log10(value) - low) / (high - low)) * BINS)) : 0);
  const count = zeros + BINS;
  return element("figure", {}, element("figcaption", {}, title), filled.map((one) => histogram(title, one, count, binOf, words)), axis(low, high, zeros, words));
}

function histogram(title, { label, points }, count, binOf, words) {
  const counts = new Uint32Array(count);
  const wrong = new Uint32Array(count);
  for (const { value, wrong: isWrong } of points) (isWrong ? wrong : counts)[binOf(value)]++;
  const most = counts.reduce((tallest, good, i) => Math.max(tallest, good + wrong[i]), 1);
  const heightOf = (number) => (number ? Math.max(1.5, (HEIGHT * number) / most) : 0);
  const bars = [];
  for (let i = 0; i < count; i++) {
    const bad = heightOf(wrong[i]);
    const good = Math.min(heightOf(counts[i]), HEIGHT - bad);
    if (good) bars.push(element("rect", { x: i * BAR, y: HEIGHT - good, width: BAR - 1, height: good }));
    if (bad) bars.push(element("rect", { x: i * BAR, y: HEIGHT - good - bad, width: BAR - 1, height: bad, class: "wrong" }));
  }
  const ordered = Float64Array.from(points, ({ value }) => value).sort();
  const largest = points.reduce((a, b) => (b.value > a.value ? b : a));
  const median = words(ordered[ordered.length >> 1]);
  const zeros = points.filter(({ value }) => !value).length;
  const most95 = words(ordered[Math.floor(0.95 * (ordered.length - 1))]);
  const said = `${title}, ${clipped(label, 60)}: of ${points.length} the median is ${median}, 95 % are at most ${most95}, the largest is ${words(largest.value)}${zeros ? `; ${zeros} are exactly 0` : ""}`;
  return element(
    "div",
    { class: "series" },
    element("p", {}, named(clipped(label, 60)), " ", element("small", {}, `median ${median}, most `, element("a", { href: addressOf(largest.row.name), title: clipped(largest.row.name) }, words(largest.value)))),
    element("svg", { viewBox: `0 0 ${count * BAR} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": said }, element("title", {}, said), bars),
  );
}

/** A few powers of ten below the bars. */
function axis(low, high, zeros, words) {
  const step = Math.ceil((high - low) / 3);
  const marks = zeros ? [element("span", {}, "0")] : [];
  for (let power = low; power <= high; power += step) {
    const made = element("span", power === low && zeros ? { class: "from" } : {}, words(10 ** power).replace(/\.0+(?!\d)/, ""));
    made.style.left = `${(100 * (zeros + ((power - low) / (high - low)) * BINS)) / (zeros + BINS)}%`;
    marks.push(made);
  }
  return element("div", { class: "axis", "aria-hidden": "true" }, marks);
}

// Labels with their scores, as bars.
import { element } from "../common/element.js";

export const percent = (score) => `${(100 * score).toFixed(score < 0.0995 ? 1 : 0)} %`;

/** A row of a list: what leads it, a name, a bar and a number. */
export function scored(name, score, lead) {
  const bar = element("span", { class: "bar", "aria-hidden": "true" }, element("i"));
  bar.firstChild.style.width = `${Math.min(100, Math.max(0, 100 * score))}%`;
  return element("li", {}, lead, element("span", { class: "name" }, name), bar, element("span", { class: "number" }, percent(score)));
}

export const labels = {
  answer: (found) => [element("ol", { class: "scores", "aria-label": "Labels" }, ...found.map(({ label, score }) => scored(label, score)))],
  said: ([first]) => (first ? `${first.label}, ${percent(first.score)}` : "No label"),
};

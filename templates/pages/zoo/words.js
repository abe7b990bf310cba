// Numbers as people read them, and the marks of verdicts.

import { element } from "../common/element.js";

export const NOTHING = "–";

const COUNT = new Intl.NumberFormat("en");

export const whole = (number) => (number === undefined ? NOTHING : COUNT.format(number));

export const plural = (number, thing) => `${whole(number)} ${thing}${number === 1 ? "" : "s"}`;

export function bytes(count) {
  if (count === undefined) return NOTHING;
  const at = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** at).toFixed(at ? 1 : 0)} ${["B", "kB", "MB", "GB"][at]}`;
}

export function duration(seconds) {
  if (seconds === undefined) return NOTHING;
  if (seconds < 0.01) return `${Number((seconds * 1e3).toPrecision(2))} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1e3)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = seconds / 60;
  return minutes < 60 ? `${minutes.toFixed(minutes < 10 ? 1 : 0)} min` : `${(minutes / 60).toFixed(1)} h`;
}

export function difference(relative) {
  if (relative === undefined) return NOTHING;
  return relative === 0 ? "exact" : relative.toExponential(1);
}

/** When something was, in UTC. */
export function moment(text) {
  const date = new Date(text);
  if (Number.isNaN(date.valueOf())) return text;
  return `${date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" })} UTC`;
}

/** A text of a stranger that is to stay on a line. */
export const clipped = (text, length = 240) => (text.length > length ? `${text.slice(0, length)}…` : text);

/** A text whose direction cannot reach what is around it. */
export const named = (text, attributes = {}) => element("bdi", attributes, text);

export const icon = (name) => element("svg", { class: "icon", "aria-hidden": "true", viewBox: "0 0 16 16" }, element("use", { href: `#icon-${name}` }));

/** A verdict: its icon, and its word or the text that stands for it. */
export const mark = (verdict, text = verdict) => element("span", { class: "mark", "data-verdict": verdict }, icon(verdict), element("span", {}, text));

/** Words for those who do not see the picture that stands for them. */
export const unseen = (text) => element("span", { class: "unseen" }, text);

export const addressOf = (name) => `#model/${encodeURIComponent(name)}`;

// Numbers as people read them, and the marks of verdicts.

import { element } from "../common/element.js";

// Paths of 16 by 16.
const ICONS = {
  ok: "M3 8.5l3.5 3.5L13 4.5",
  noise: "M2 6c2-2.5 4-2.5 6 0s4 2.5 6 0M2 11c2-2.5 4-2.5 6 0s4 2.5 6 0",
  refused: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M4 12l8-8",
  differs: "M3 6h10M3 10h10M11 2.5L5 13.5",
  failed: "M4 4l8 8M12 4l-8 8",
  memory: "M4 4h8v8H4zM6.5 1.5v2.5M9.5 1.5v2.5M6.5 12v2.5M9.5 12v2.5M1.5 6.5h2.5M1.5 9.5h2.5M12 6.5h2.5M12 9.5h2.5",
  timeout: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 4.5V8.5l2.5 1.5",
  crashed: "M9.5 1.5L3.5 9H8l-1.5 5.5L12.5 7H8z",
  unexpected: "M8 2L15 14H1zM8 6.5v3.5M8 12v.2",
};

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

export const icon = (name) => element("svg", { class: "icon", "aria-hidden": "true" }, element("path", { d: ICONS[name] }));

/** A verdict: its icon, and its word or the text that stands for it. */
export const mark = (verdict, text = verdict) => element("span", { class: "mark", "data-verdict": verdict }, icon(verdict), element("span", {}, text));

/** Words for those who do not see the picture that stands for them. */
export const unseen = (text) => element("span", { class: "unseen" }, text);

export const addressOf = (name) => `#model/${encodeURIComponent(name)}`;

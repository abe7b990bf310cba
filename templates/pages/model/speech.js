// When somebody speaks: on the sound, and as a list.
import { element } from "../common/element.js";
import { clock } from "./text.js";

export const speech = {
  /** Marks on a sound that is `seconds` long. */
  mark(context, found, seconds, { width, height }) {
    context.globalAlpha = 0.25;
    for (const { start, end } of found) context.fillRect((start / seconds) * width, 0, ((end - start) / seconds) * width, height);
    context.globalAlpha = 1;
  },
  answer: (found) => [
    element(
      "ol",
      { class: "times", "aria-label": "When somebody speaks" },
      ...found.map(({ start, end }) => element("li", {}, element("span", { class: "time" }, `${clock(start)} – ${clock(end)}`))),
    ),
  ],
  said: (found) => (found.length ? `Speech ${found.length} time${found.length === 1 ? "" : "s"}` : "Nobody speaks"),
};

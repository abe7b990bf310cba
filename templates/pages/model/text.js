// What is written or said, which the status says, with its times where there are some.
import { element } from "../common/element.js";
import { percent } from "./labels.js";

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

export const text = {
  answer({ score, chunks }) {
    const times = (chunks ?? []).map((chunk) =>
      element("li", {}, element("span", { class: "time" }, `${clock(chunk.start)} – ${clock(chunk.end)}`), ` ${chunk.text}`),
    );
    return [
      score === undefined ? null : element("p", { class: "quiet" }, `Probability ${percent(score)}`),
      times.length ? element("ol", { class: "times", "aria-label": "When it is said" }, ...times) : null,
    ];
  },
  said: ({ text: all }) => all || "Nothing",
};

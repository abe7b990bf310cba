// Values by name, with their units.
import { element } from "../common/element.js";

const said = ({ value, unit }) => [value.toPrecision(4), unit].filter(Boolean).join(" ");

export const values = {
  answer: (found) => [
    element(
      "ol",
      { class: "scores", "aria-label": "Values" },
      ...found.map((one) => element("li", {}, element("span", { class: "name" }, one.name), element("span", { class: "value" }, said(one)))),
    ),
  ],
  said: (found) => found.map((one) => `${one.name} ${said(one)}`).join(", "),
};

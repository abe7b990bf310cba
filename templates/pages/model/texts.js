// Texts to ask about.
import { element } from "../common/element.js";

/** What a page needs for texts: `take(text)` is asked about each. */
export function texting({ take }) {
  const field = element("textarea", { id: "text", rows: 4, "aria-label": "A text", placeholder: "A text" });
  const send = () => take(field.value);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  return {
    kind: "",
    first: "Type a text.",
    hint: "Type a text. Enter asks, Shift and Enter begin another line.",
    controls: [field, element("button", { type: "button", class: "main", onclick: send }, "Ask")],
    part: ({ cause }) =>
      cause?.tokens && { options: { truncate: true }, note: `The text has ${cause.tokens} tokens, of which the model takes the first ${cause.most}.` },
    given: () => {},
    show: () => {},
  };
}

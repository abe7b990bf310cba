// Files of any kind to ask about: chosen, dropped or pasted.
import { element } from "../common/element.js";
import { bytes } from "./facts.js";

/** What a page needs for files: `take(file)` is asked about each. */
export function filing({ take }) {
  const name = element("p", { class: "quiet" });
  const given = (file) => {
    name.textContent = `${file.name}, ${bytes(file.size)}`;
    return take(file);
  };
  const file = element("input", {
    type: "file",
    hidden: true,
    "aria-label": "A file",
    onchange: () => {
      if (file.files[0]) given(file.files[0]);
      file.value = "";
    },
  });
  return {
    kind: "",
    hint: "Choose a file, or drop or paste one here.",
    controls: [element("button", { type: "button", class: "main", onclick: () => file.click() }, "Choose a file"), file, name],
    given,
    show: () => {},
  };
}

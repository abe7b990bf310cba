// Files of any kind to ask about: chosen, dropped or pasted.
import { element } from "../common/element.js";
import { choosing } from "./choosing.js";
import { bytes } from "./facts.js";

/** What a page needs for files: `take(file)` is asked about each. */
export function filing({ take }) {
  const name = element("p", { class: "quiet" });
  const given = (file) => {
    name.textContent = `${file.name}, ${bytes(file.size)}`;
    return take(file);
  };
  return {
    kind: "",
    first: "Choose a file.",
    hint: "Choose a file, or drop or paste one here.",
    controls: [...choosing({ title: "Choose a file", label: "A file", given }), name],
    given,
    show: () => {},
  };
}

// A file that is chosen.
import { element } from "../common/element.js";

/** A button that says `title`, and the field it opens, whose file is `given`: of a kind that `accept` names, or of any. */
export function choosing({ title, label, accept = "", given }) {
  const file = element("input", {
    type: "file",
    accept,
    hidden: true,
    "aria-label": label,
    onchange: () => {
      if (file.files[0]) given(file.files[0]);
      file.value = "";
    },
  });
  return [element("button", { type: "button", class: "main", onclick: () => file.click() }, title), file];
}

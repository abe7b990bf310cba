// A list of models, of which a search shows some.
import { theming } from "../common/theme.js";

const search = /** @type {HTMLInputElement} */ (document.getElementById("search"));
/** @type {NodeListOf<HTMLElement>} */
const listed = document.querySelectorAll("#models li");
const rows = Array.from(listed, (row) => ({ row, text: row.textContent.toLowerCase() }));

function filter() {
  const words = search.value.toLowerCase().split(/\s+/);
  let count = 0;
  for (const { row, text } of rows) {
    row.hidden = !words.every((word) => text.includes(word));
    count += row.hidden ? 0 : 1;
  }
  document.getElementById("none").textContent = count || !rows.length ? "" : "None is like this.";
}

theming();
search.addEventListener("input", filter);
filter();

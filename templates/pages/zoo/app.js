// The page: a run's report above the table of its models, and a view of each.

import { element } from "../common/element.js";
import { theming } from "../common/theme.js";
import { columnsOf } from "./columns.js";
import { counted, read } from "./data.js";
import { model } from "./model.js";
import { overview } from "./overview.js";
import { PLAIN, address, filter, labels, sorted, stateOf } from "./state.js";
import { Table } from "./table.js";
import { clipped, plural, whole } from "./words.js";

const at = (id) => document.getElementById(id);
const report = read(at("report").textContent);
const columns = columnsOf(report);
const form = /** @type {HTMLFormElement} */ (at("filters"));
let state = stateOf("");
const TYPING = 300; // milliseconds without a key
let saying = 0;
let places = 0; // where the list was scrolled to, for the way back from a model

// ------------------------------------------------------------------------------------------------------------------ filters
const FIELDS = ["text", "verdict", "runtime", "label", "change", "unexpected", "sort"];
const fields = Object.fromEntries(FIELDS.map((name) => [name, /** @type {HTMLInputElement} */ (at(`filter-${name}`))]));

/** Gives a filter its choices: pairs of a value and how many rows have it. */
function offer(name, choices) {
  fields[name].append(...choices.map(([value, count]) => element("option", { value }, `${clipped(value, 60)}${count === undefined ? "" : ` (${whole(count)})`}`)));
  fields[name].closest("label").hidden = !choices.length;
}

function prepare() {
  offer("verdict", report.verdicts.map((verdict) => [verdict]));
  offer("runtime", [["conversion"], ...report.runtimes.map(({ name }) => [name])]);
  offer("label", counted(report.rows, labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  offer("change", counted(report.rows, (row) => row.changes.map(({ kind }) => kind)));
  for (const { id, title, group, falls } of columns) fields.sort.append(element("option", { value: falls ? `-${id}` : id }, `${clipped(group, 30)} ${title}`));
  form.addEventListener("input", ({ target }) => {
    const asked = Object.fromEntries(FIELDS.map((name) => [name, fields[name].type === "checkbox" ? (fields[name].checked ? "1" : "") : fields[name].value]));
    if (target !== fields.sort) delete asked.sort; // the headers have orders that it has not
    ask(asked, target === fields.text ? TYPING : 0);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  at("clear").addEventListener("click", () => ask({ ...PLAIN, sort: state.sort }));
  at("operator").addEventListener("click", () => ask({ operator: "" }));
  at("turn").addEventListener("click", () => ask({ sort: state.sort.startsWith("-") ? state.sort.slice(1) : `-${state.sort}` }));
}

/** Shows what passes other filters, and says so in the address, which browsers let nobody change with each key. */
function ask(changed, delay = 0) {
  Object.assign(state, changed);
  clearTimeout(saying);
  const say = () => history.replaceState(null, "", address(state));
  if (delay) saying = setTimeout(say, delay);
  else say();
  showRows();
}

function fill() {
  for (const name of FIELDS) {
    if (fields[name].type === "checkbox") fields[name].checked = Boolean(state[name]);
    else if (fields[name].value !== state[name]) fields[name].value = state[name];
  }
  if (fields.sort.value !== state.sort) {
    const other = state.sort.startsWith("-") ? state.sort.slice(1) : `-${state.sort}`;
    fields.sort.value = [...fields.sort.querySelectorAll("option")].some(({ value }) => value === other) ? other : "";
  }
  at("operator").hidden = !state.operator;
  at("operator").textContent = `blocked by ${clipped(state.operator, 60)} ✕`;
  at("turn").hidden = !state.sort;
  at("turn").textContent = state.sort.startsWith("-") ? "▼" : "▲";
  at("clear").hidden = Object.keys(PLAIN).every((name) => name === "sort" || !state[name]);
}

// -------------------------------------------------------------------------------------------------------------------- views
const table = new Table(at("table"), columns, ({ id, falls }) => {
  const [first, second] = falls ? [`-${id}`, id] : [id, `-${id}`];
  ask({ sort: state.sort === first ? second : state.sort === second ? "" : first });
});

function showRows() {
  fill();
  const rows = sorted(report.rows.filter(filter(state, report.runtimes)), state.sort, columns);
  table.show(rows, state.sort);
  at("none").hidden = rows.length > 0;
  at("count").textContent = rows.length === report.rows.length ? plural(rows.length, "model") : `${whole(rows.length)} of ${plural(report.rows.length, "model")}`;
}

function showModel(name) {
  const row = report.byName.get(name);
  at("about").replaceChildren(...(row ? model(report, row, say) : [element("h2", { tabindex: "-1" }, "This report has no such model")]).flat(Infinity).filter(Boolean));
  at("back").setAttribute("href", address(state));
  at("about").querySelector("h2").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function say(text) {
  at("said").textContent = text;
}

/** Shows what the address says. */
function route() {
  clearTimeout(saying);
  const asked = stateOf(location.hash);
  const isModel = asked.model !== null;
  const wasModel = !at("model").hidden;
  if (isModel && !wasModel) places = scrollY;
  const isSame = address(asked) === address(state);
  at("list").hidden = isModel;
  at("model").hidden = !isModel;
  at("to-models").hidden = isModel;
  say("");
  if (isModel) return showModel(asked.model);
  state = asked;
  showRows();
  if (wasModel && isSame) scrollTo(0, places);
  else if (!isSame || wasModel) at("models").scrollIntoView();
  table.draw();
}

// -------------------------------------------------------------------------------------------------------------------- start
at("theme").addEventListener("click", theming());
document.addEventListener("keydown", (event) => {
  const on = /** @type {Element} */ (event.target);
  if (event.key === "Escape" && on === fields.text && fields.text.value) {
    fields.text.value = "";
    ask({ text: "" });
  }
  if (event.key !== "/" || on.closest("input, select") || at("list").hidden) return;
  event.preventDefault();
  fields.text.focus();
});
addEventListener("hashchange", route);
at("to-models").addEventListener("click", (event) => {
  event.preventDefault();
  at("models").scrollIntoView();
  fields.text.focus({ preventScroll: true });
});
at("overview").append(...overview(report).filter(Boolean));
prepare();
route();

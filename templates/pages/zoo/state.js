// What is shown: a model, or the rows that pass the filters in an order. It is the address's part behind the #.

export const PLAIN = { text: "", verdict: "", runtime: "", label: "", operator: "", change: "", unexpected: "", sort: "" };

const MODEL = "model/";

/** The state that an address says: `model` is a name, or null. */
export function stateOf(hash) {
  const text = hash.replace(/^#/, "");
  if (text.startsWith(MODEL)) return { ...PLAIN, model: decoded(text.slice(MODEL.length)) };
  const asked = new URLSearchParams(text);
  const state = { ...PLAIN, model: null };
  for (const name of Object.keys(PLAIN)) if (asked.has(name)) state[name] = asked.get(name);
  return state;
}

/** The address of filters and an order; `changed` are members that differ from those of the state. */
export function address(state, changed = {}) {
  const asked = new URLSearchParams();
  for (const name of Object.keys(PLAIN)) {
    const value = changed[name] ?? state[name];
    if (value) asked.set(name, value);
  }
  return `#${asked}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a row passes the filters. */
export function filter(state, runtimes) {
  const terms = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const r = runtimes.findIndex(({ name }) => name === state.runtime);
  const verdictOf = (row) => (!state.runtime ? row.verdict : state.runtime === "conversion" ? row.conversion.verdict : row.computed[r]?.verdict);
  const tests = [];
  if (state.runtime || state.verdict) tests.push((row) => (state.verdict ? verdictOf(row) === state.verdict : verdictOf(row) !== undefined));
  if (state.label) tests.push((row) => labels(row).includes(state.label));
  if (state.operator) tests.push((row) => row.conversion.blocking?.includes(state.operator));
  if (state.change) tests.push((row) => row.changes.some(({ kind }) => state.change === "any" || kind === state.change));
  if (state.unexpected) tests.push((row) => !row.expected);
  if (terms.length) tests.push((row) => terms.every((term) => searched(row).includes(term)));
  return (row) => tests.every((test) => test(row));
}

/** What a row can be chosen by besides its name. */
export const labels = (row) => [`frontend ${row.frontend}`, ...(row.task ? [`task ${row.task}`] : []), ...(row.tags ?? []).map((tag) => `tag ${tag}`)];

/** All of a row that the search looks into; made once, as long as the page is open. */
function searched(row) {
  if (row.searched === undefined) {
    const { conversion, computed } = row;
    const said = [conversion, ...computed.filter(Boolean)].flatMap(({ message, code, output }) => [message, code, output]);
    row.searched = [row.name, row.task, ...(row.tags ?? []), row.source, row.options, ...(conversion.blocking ?? []), ...said].filter(Boolean).join("\n").toLowerCase();
  }
  return row.searched;
}

/** The rows in the order of a column, `-` before its name turns it round; what is not known comes last, equals stay as they were. */
export function sorted(rows, sort, columns) {
  const column = columns.find(({ id }) => id === sort.replace(/^-/, ""));
  if (!column) return [...rows].sort((a, b) => Number(Boolean(a.expected)) - Number(Boolean(b.expected)) || a.number - b.number);
  const sign = sort.startsWith("-") ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: column.key(row) }));
  const compare = typeof keyed.find(({ key }) => key !== undefined)?.key === "string" ? new Intl.Collator("en", { numeric: true }).compare : (a, b) => a - b;
  keyed.sort((a, b) => Number(a.key === undefined) - Number(b.key === undefined) || (a.key === undefined ? 0 : sign * compare(a.key, b.key)) || a.row.number - b.row.number);
  return keyed.map(({ row }) => row);
}

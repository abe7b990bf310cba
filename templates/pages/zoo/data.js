// What the page is about: the report's tables, which come as columns, as rows that know of each other.

/** The report of the page: `rows` in the manifest's order, each with its `conversion`, `computed` (by runtime) and `changes`. */
export function read(text) {
  const data = JSON.parse(text);
  const rows = expanded(data.rows, data.count);
  expanded(data.conversions, data.count).forEach((conversion, i) => Object.assign(rows[i], { number: i, conversion, computed: [], changes: [] }));
  data.runtimes.forEach((runtime, r) =>
    expanded(runtime.rows, data.count).forEach((computation, i) => {
      if (computation.verdict) rows[i].computed[r] = computation;
    }),
  );
  const byName = new Map(rows.map((row) => [row.name ?? "", row]));
  const changes = expanded(data.changes.rows, data.changes.count);
  for (const change of changes) byName.get(change.model ?? "")?.changes.push(change);
  for (const row of rows) row.name ??= "";
  return { facts: data.facts, versions: data.versions, verdicts: data.verdicts, runtimes: data.runtimes, rows, byName, changes };
}

/** Rows of columns: lists of values, or the distinct values and which of them each row has. What is empty is left out. */
function expanded(columns, count) {
  /** @type {Record<string, any>[]} */
  const rows = Array.from({ length: count }, () => ({}));
  for (const [name, column] of Object.entries(columns)) {
    const values = Array.isArray(column) ? column : column.at.map((place) => column.of[place]);
    values.forEach((value, i) => {
      if (value !== null) rows[i][name] = value;
    });
  }
  return rows;
}

/** How many rows have each value, most first; `valuesOf(row)` gives the values of a row. */
export function counted(rows, valuesOf) {
  const counts = new Map();
  for (const row of rows) for (const value of new Set(valuesOf(row))) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}

/** Why a row is not as expected: where, what happened, and in whose words. */
export function reason(row, runtimes) {
  const { conversion, computed } = row;
  if (conversion.verdict !== "ok") return { where: "conversion", verdict: conversion.verdict, message: conversion.message ?? "" };
  const wrong = (computation) => computation && !computation.expected;
  const worst = computed.findIndex((computation) => wrong(computation) && computation.verdict === row.verdict);
  const r = worst >= 0 ? worst : computed.findIndex(wrong);
  if (r >= 0) return { where: runtimes[r].name, verdict: computed[r].verdict, message: computed[r].message ?? "" };
  return { where: "", verdict: row.verdict, message: "The manifest expects something else." };
}

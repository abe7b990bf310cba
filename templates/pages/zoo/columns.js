// The table's columns: what each shows of a row, and what it is sorted by.

import { element } from "../common/element.js";
import { NOTHING, addressOf, bytes, clipped, difference, duration, icon, mark, named, unseen, whole } from "./words.js";

/**
 * The columns for runtimes. Each has an `id`, a `title`, a `group` above it, a `width` in pixels, `key(row)` to sort by,
 * `cell(row)`, `kind`, which the style knows, and whether it `falls`: the largest comes first at first.
 */
export function columnsOf(report) {
  const rank = (verdict) => report.verdicts.indexOf(verdict);
  const number = (id, title, group, width, key, words, kind = "") => ({ id, title, group, width, key, cell: (row) => words(key(row)), kind: `number ${kind}`, falls: true });
  return [
    { id: "name", title: "model", group: "", width: 200, key: (row) => row.name, cell: name, kind: "name" },
    { id: "verdict", title: "verdict", group: "", width: 90, key: (row) => rank(row.verdict), cell: (row) => mark(row.verdict), kind: "verdict", falls: true },
    ...report.runtimes.flatMap(({ name: runtime }, r) => [
      {
        id: `difference ${runtime}`,
        title: "difference",
        group: runtime,
        width: 88,
        key: (row) => worth(row.computed[r], rank),
        cell: (row) => computed(row.computed[r], runtime),
        kind: "difference",
        falls: true,
      },
      number(`time ${runtime}`, "time", runtime, 66, (row) => row.computed[r]?.seconds, duration, "time"),
    ]),
    number("nodes", "nodes", "source", 56, (row) => row.conversion.source_nodes, whole, "nodes"),
    number("operators", "operators", "graph", 70, (row) => row.conversion.operators, whole, "operators"),
    number("file", "file", "source", 74, (row) => row.conversion.source_bytes, bytes, "file"),
    number("weights", "weights", "graph", 74, (row) => row.conversion.weight_bytes, bytes, "weights"),
    number("conversion", "time", "convert", 68, (row) => row.conversion.seconds, duration, "conversion"),
    number("memory", "memory", "peak", 74, (row) => row.peak_bytes, bytes, "memory"),
    number("seconds", "time", "total", 64, (row) => row.seconds, duration, "total"),
  ];
}

/** By verdict first, then by difference, so that the worst come together. */
function worth(computation, rank) {
  if (!computation) return undefined;
  const relative = computation.relative ?? 0;
  return 1000 * rank(computation.verdict) + (relative ? Math.log10(relative) : -400);
}

function name(row) {
  const link = element("a", { href: addressOf(row.name), title: clipped(row.name) }, named(clipped(row.name)));
  return [
    row.expected ? null : [icon("unexpected"), unseen("not as expected: ")],
    link,
    row.reused ? element("small", { class: "reused", title: "from an earlier run" }, "↺", unseen(" from an earlier run")) : null,
    changes(row),
    row.task ? named(clipped(row.task, 60), { class: "task" }) : null,
  ];
}

/** The worst kind in which a row changed, and how many others there are. */
function changes(row) {
  const [worst, ...others] = new Set(row.changes.map(({ kind }) => kind));
  return worst ? element("span", { class: "change", "data-kind": worst, title: [worst, ...others].join(", ") }, worst, others.length ? ` +${others.length}` : "") : null;
}

function computed(computation, runtime) {
  if (!computation) return NOTHING;
  const text = computation.relative === undefined ? computation.verdict : difference(computation.relative);
  const shown = mark(computation.verdict, text);
  shown.title = clipped(computation.message ?? computation.verdict);
  return [element("span", { class: "where" }, clipped(runtime, 20), " "), shown, text === computation.verdict ? null : unseen(` ${computation.verdict}`)];
}

/** What stands in a row instead of the runtimes' columns when there is no graph: why. */
export function refusal(row) {
  return element("span", { title: clipped(row.conversion.message ?? "", 1000) }, named(clipped(row.conversion.message ?? row.conversion.verdict)));
}

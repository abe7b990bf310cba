// What a person wants to know first: is all as it should be, and if not, what is not.

import { element } from "../common/element.js";
import { chart } from "./charts.js";
import { counted, reason } from "./data.js";
import { PLAIN, address } from "./state.js";
import { addressOf, bytes, clipped, difference, duration, icon, mark, moment, named, plural, whole } from "./words.js";

const FIRST = 6; // lines of a list at first
const MORE = 200; // and with each press

/** The parts of the page above the table. */
export function overview(report) {
  return [verdicts(report), about(report), element("div", { class: "lists" }, unexpected(report), changed(report), blocking(report)), charts(report)];
}

const choice = (filters, ...children) => element("a", { href: address(PLAIN, filters) }, children);

function verdicts({ rows, verdicts: names }) {
  const counts = new Map(counted(rows, (row) => [row.verdict]));
  const right = rows.filter((row) => row.expected).length;
  const bar = element("div", { class: "bar", "aria-hidden": "true" });
  const legend = element("ul", { class: "legend" });
  for (const verdict of names.filter((name) => counts.has(name))) {
    const part = element("span", { "data-verdict": verdict });
    part.style.flexGrow = String(counts.get(verdict));
    bar.append(part);
    legend.append(element("li", {}, choice({ verdict }, mark(verdict, `${whole(counts.get(verdict))} ${verdict}`))));
  }
  const not = rows.length - right;
  const lead = element("p", { class: "lead" }, element("span", {}, element("b", {}, whole(right)), ` of ${plural(rows.length, "model")} as expected`));
  if (not) lead.append(element("span", { class: "not" }, icon("unexpected"), choice({ unexpected: "1" }, `${whole(not)} not`)));
  const reused = rows.filter((row) => row.reused).length;
  if (reused) lead.append(element("small", {}, `${whole(reused)} from an earlier run`));
  return element("div", { class: "verdicts" }, lead, bar, legend);
}

function about({ facts, versions, runtimes }) {
  const said = [
    ["webnn-convert", facts.version],
    ...runtimes.filter(({ version }) => version).map(({ name, version }) => [name, version]),
    ["target", facts.target || "each runtime's own"],
    ["began", moment(facts.started)],
    ["took", duration(facts.seconds ?? undefined)],
    ...(facts.shards.length ? [["shards", facts.shards.join(", ")]] : []),
  ];
  const others = [
    ...versions,
    ["seed", String(facts.seed)],
    ["time limit", facts.timeout === null ? "none" : duration(facts.timeout)],
    ["memory limit", facts.memory === null ? "none" : bytes(facts.memory)],
    ["code", facts.code],
  ];
  const line = (pairs) => element("dl", { class: "line" }, pairs.map(([name, value]) => element("div", {}, element("dt", {}, named(clipped(name, 60))), element("dd", {}, named(clipped(value, 120))))));
  return element("div", { class: "about" }, line(said), element("details", {}, element("summary", {}, "Libraries and limits"), line(others)));
}

/** A titled list that shows its first items, and more when asked. */
function list(title, items, itemOf, note) {
  if (!items.length) return null;
  const shown = element("ul", {}, items.slice(0, FIRST).map(itemOf));
  const more = element("button", { type: "button", class: "link", onclick: () => add() });
  const left = () => items.length - shown.children.length;
  const say = () => {
    more.textContent = `${whole(Math.min(left(), MORE))} more`;
    more.hidden = left() <= 0;
  };
  const add = () => {
    const place = shown.children.length;
    shown.append(...items.slice(place, place + MORE).map(itemOf));
    shown.children[place]?.querySelector("a")?.focus();
    say();
  };
  say();
  return element("section", {}, element("h2", {}, title, " ", element("small", {}, note)), shown, more);
}

function unexpected({ rows, runtimes }) {
  const found = rows.filter((row) => !row.expected);
  return list(
    "Not as expected",
    found,
    (row) => {
      const { where, verdict, message } = reason(row, runtimes);
      const why = clipped(`${where}${where ? ": " : ""}${verdict}. ${message}`);
      return element("li", { title: why }, mark(row.verdict, ""), element("a", { href: addressOf(row.name) }, named(clipped(row.name, 80))), element("span", { class: "rest" }, named(why)));
    },
    whole(found.length),
  );
}

function changed({ changes, byName }) {
  const counts = new Map();
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const note = [...counts].map(([kind, count], i) => [i ? ", " : "", choice({ change: kind }, `${whole(count)} ${kind}`)]);
  return list(
    "What changed",
    changes,
    ({ kind, model = "", what = "", before = "", after = "" }) =>
      element(
        "li",
        { title: clipped([model, what, before, "→", after].join(" ")) },
        element("span", { class: "change", "data-kind": kind }, kind),
        byName.has(model) ? element("a", { href: addressOf(model) }, named(clipped(model, 80))) : named(clipped(model, 80)),
        element("span", { class: "rest" }, named(clipped(what, 80))),
        before || after ? element("span", { class: "values" }, named(clipped(before, 80)), " → ", named(clipped(after, 80))) : null,
      ),
    note,
  );
}

/** Operators by how many models they block; alone: those that nothing else blocks. */
function blocking({ rows }) {
  const counts = counted(rows, (row) => row.conversion.blocking ?? []);
  const alone = new Map(counted(rows.filter((row) => row.conversion.blocking?.length === 1), (row) => row.conversion.blocking));
  return list(
    "Operators that block",
    counts,
    ([operator, count]) => {
      const bar = element("span", { class: "share", "aria-hidden": "true" });
      bar.style.width = `${(100 * count) / counts[0][1]}%`;
      const only = alone.get(operator);
      return element("li", { class: "ranked" }, bar, choice({ operator }, named(clipped(operator, 80))), element("span", { class: "rest" }, `${plural(count, "model")}${only ? `, ${whole(only)} by it alone` : ""}`));
    },
    plural(new Set(rows.filter((row) => row.conversion.blocking?.length)).size, "model"),
  );
}

function charts({ rows, runtimes }) {
  const points = (valueOf, isWrong = (row) => false) => rows.filter((row) => valueOf(row) !== undefined).map((row) => ({ row, value: valueOf(row), wrong: isWrong(row) }));
  const ofRuntimes = (valueOf, isWrong) => runtimes.map(({ name }, r) => ({ label: name, points: points((row) => row.computed[r] && valueOf(row.computed[r]), (row) => isWrong(row.computed[r])) }));
  const ofConversion = (label, name) => ({ label, points: points((row) => row.conversion[name]) });
  const made = [
    chart("Differences", ofRuntimes(({ relative }) => relative, ({ verdict }) => verdict === "differs"), difference),
    chart("Times", [ofConversion("conversion", "seconds"), ...ofRuntimes(({ seconds }) => seconds, () => false)], duration),
    chart("Sizes", [ofConversion("source", "source_bytes"), ofConversion("weights", "weight_bytes")], bytes),
    chart("Operators", [ofConversion("source", "source_nodes"), ofConversion("graph", "operators")], whole),
  ];
  return element("div", { class: "charts" }, made);
}

// The panel beside the picture: what is known of what is selected. Everything from a model is text, never markup.

import { element } from "../common/element.js";
import { describe, operandsIn } from "./model.js";

/** What the panel shows for a selection of a view; `act` has what its links and buttons do. */
export function contents(view, act) {
  const { selected, model } = view;
  if (!selected) return overview(view, act);
  const { kind, number } = selected;
  if (kind === "node") return aboutCall(view, number, act);
  if (kind === "group" || kind === "open") return aboutGroup(view, number, act);
  const operand = model.scene.operands[number];
  const others = kind === "input" ? (model.readers.get(number) ?? []) : [model.maker.get(number)].filter((n) => n !== undefined);
  return [
    heading(operand.name, kind),
    facts([["type", describe(operand)], ["bytes", operand.bytes.toLocaleString("en")]]),
    section(kind === "input" ? "read by" : "made by", others.map((n) => callLink(model, n, act))),
    buttons(kind === "input" ? [["What depends on it", () => act.light(model.descendants(others))]] : [["What it depends on", () => act.light(model.ancestors(others))]]),
  ];
}

function overview(view, act) {
  const { scene } = view.model;
  const weights = Object.keys(scene.weights).reduce((sum, o) => sum + scene.operands[o].bytes, 0);
  const many = new Map();
  for (const { op } of scene.nodes) many.set(op, (many.get(op) ?? 0) + 1);
  const ordered = [...many].sort((a, b) => b[1] - a[1]);
  const ends = (kind, operands) => section(kind, operands.map((o) => link(`${scene.operands[o].name}  ${describe(scene.operands[o])}`, () => act.reveal(kind.slice(0, -1), o))));
  return [
    heading(scene.name, "graph"),
    facts([["operators", scene.nodes.length.toLocaleString("en")], ["weights", bytes(weights)]]),
    ends("inputs", scene.inputs),
    ends("outputs", scene.outputs),
    marked(view, act),
    section("operators", ordered.map(([op, count]) => link(`${op} ×${count}`, () => act.search(op)))),
  ];
}

/** The calls that the colours say most about. */
function marked({ overlay, model }, act) {
  if (!overlay) return null;
  const rank = (mark) => (typeof mark === "number" ? mark : { fault: 1, removed: 0.9, added: 0.8, changed: 0.7, warning: 0.6, ok: 0 }[mark]);
  const marks = Object.entries(overlay.marks).sort(([, a], [, b]) => rank(b[0]) - rank(a[0])).filter(([, [mark]]) => rank(mark) > 0);
  const shown = marks.slice(0, 200).map(([n, [, text]]) => element("li", {}, callLink(model, Number(n), act), element("small", {}, text)));
  const more = marks.length > shown.length ? ` (the first ${shown.length})` : "";
  return element("section", {}, element("h3", {}, `${overlay.title}: ${marks.length}${more}`), element("ul", {}, shown));
}

function aboutCall(view, n, act) {
  const { model, overlay } = view;
  const { scene } = model;
  const node = scene.nodes[n];
  const options = [];
  const operands = [];
  for (const [name, value] of Object.entries(node.arguments)) {
    const inside = operandsIn(value);
    if (inside.length) inside.forEach((operand, i) => operands.push(aboutOperand(model, inside.length > 1 ? `${name} ${i}` : name, operand, act)));
    else options.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
  }
  const readers = [...new Set(node.outputs.flatMap((operand) => model.readers.get(operand) ?? []))];
  const ends = node.outputs.filter((operand) => scene.outputs.includes(operand));
  return [
    heading(node.op, node.kind),
    overlay?.marks[n] ? element("p", { class: "mark" }, overlay.marks[n][1]) : null,
    facts([["source", node.label || "not known"], ...node.outputs.map((o) => [scene.operands[o].name, describe(scene.operands[o])])]),
    options.length ? element("section", {}, element("h3", {}, "options"), facts(options)) : null,
    element("section", {}, element("h3", {}, "operands"), operands),
    section("read by", [...readers.map((r) => callLink(model, r, act)), ...ends.map((o) => link(`output ${scene.operands[o].name}`, () => act.reveal("output", o)))]),
    buttons([
      ["What it depends on", () => act.light(model.ancestors([n]))],
      ["What depends on it", () => act.light(model.descendants([n]))],
      ["Both", () => act.light(new Set([...model.ancestors([n]), ...model.descendants([n])]))],
    ]),
    act.other ? buttons([["In the other graph", () => act.other(n)]]) : null,
  ];
}

function aboutGroup({ model }, g, act) {
  const group = model.scene.groups[g];
  const many = new Map();
  for (const n of group.calls) many.set(model.scene.nodes[n].op, (many.get(model.scene.nodes[n].op) ?? 0) + 1);
  return [
    heading(group.name, "group"),
    facts([["path", group.path], ["operators", group.calls.length.toLocaleString("en")]]),
    facts([...many].sort((a, b) => b[1] - a[1]).map(([op, count]) => [op, String(count)])),
    buttons([
      ["Open or close", () => act.toggle(g)],
      ["What it depends on", () => act.light(model.ancestors(group.calls))],
      ["What depends on it", () => act.light(model.descendants(group.calls))],
    ]),
  ];
}

function aboutOperand(model, role, o, act) {
  const { scene } = model;
  const operand = scene.operands[o];
  const weight = scene.weights[o];
  const maker = model.maker.get(o);
  const title = maker !== undefined ? callLink(model, maker, act) : scene.inputs.includes(o) ? link(`input ${operand.name}`, () => act.reveal("input", o)) : element("span", {}, operand.name);
  return element("div", { class: "operand" }, element("b", {}, role), " ", title, element("small", {}, describe(operand)), weight ? statistics(operand, weight) : null);
}

function statistics(operand, weight) {
  const rows = [["bytes", operand.bytes.toLocaleString("en")]];
  for (const name of ["min", "max", "mean", "deviation"]) if (name in weight) rows.push([name, short(weight[name])]);
  if (weight.zeros) rows.push(["zeros", percent(weight.zeros, weight.sampled)]);
  if (weight.nonfinite) rows.push(["not finite", percent(weight.nonfinite, weight.sampled)]);
  const size = operand.shape.reduce((a, b) => a * b, 1);
  if (weight.sampled < size) rows.push(["of", `${weight.sampled.toLocaleString("en")} elements of ${size.toLocaleString("en")}`]);
  if (weight.values) rows.push(["values", [weight.values].flat().map(short).join(", ")]);
  return [weight.histogram ? histogram(weight) : null, facts(rows)];
}

function histogram({ histogram: counts, min, max }) {
  const most = Math.max(...counts);
  const bars = counts.map((count, i) => {
    const height = (36 * Math.sqrt(count)) / Math.sqrt(most);
    return element("rect", { x: i * 8, y: 40 - height, width: 7, height });
  });
  const label = `histogram from ${short(min)} to ${short(max)}, heights are square roots`;
  return element("svg", { viewBox: `0 0 ${counts.length * 8} 40`, class: "histogram", role: "img", "aria-label": label }, bars);
}

const short = (value) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)).toString() : String(value));
const percent = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`;
const heading = (title, kind) => element("header", {}, element("h2", {}, title), element("small", {}, kind));
const facts = (rows) => element("dl", {}, rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
const section = (title, links) => (links.length ? element("section", {}, element("h3", {}, title), element("ul", {}, links.map((item) => element("li", {}, item)))) : null);
const link = (text, onclick) => element("button", { class: "link", type: "button", onclick }, text);
const buttons = (rows) => element("p", { class: "buttons" }, rows.map(([text, onclick]) => element("button", { type: "button", onclick }, text)));

function callLink(model, n, act) {
  const node = model.scene.nodes[n];
  return link(`${node.op}  ${model.scene.operands[node.outputs[0]].name}`, () => act.reveal("node", n));
}

function bytes(count) {
  const at = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** at).toFixed(at ? 1 : 0)} ${["B", "kB", "MB", "GB"][at]}`;
}

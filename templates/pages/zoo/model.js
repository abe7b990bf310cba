// All that is known of one model.

import { element } from "../common/element.js";
import { bytes, clipped, difference, duration, icon, mark, named, whole } from "./words.js";

const TITLE = 300; // characters of a name that stand above everything else

/** What the page shows of a row; `say(text)` tells people something. */
export function model(report, row, say) {
  const { conversion, computed } = row;
  return [
    element("h2", { tabindex: "-1" }, named(clipped(row.name, TITLE))),
    element("p", { class: "outcome" }, mark(row.verdict), row.expected ? " as expected" : [icon("unexpected"), " not as expected"], row.reused ? element("small", {}, " ↺ from an earlier run") : null),
    element(
      "div",
      { class: "parts" },
      part(["Conversion ", mark(conversion.verdict)], [facts(ofConversion(conversion)), said(conversion, "conversion")]),
      report.runtimes.map(({ name }, r) => computed[r] && part([named(clipped(name, 60)), " ", mark(computed[r].verdict)], [computed[r].expected ? null : element("p", { class: "not" }, icon("unexpected"), "not as expected"), facts(ofComputation(computed[r])), said(computed[r], clipped(name, 60))])),
      row.changes.length ? part("Changes", element("ul", { class: "changes" }, row.changes.map(change))) : null,
      part("Source", facts([["name", row.name.length > TITLE ? row.name : ""], ["task", row.task], ["tags", row.tags?.join(", ")], ["source", row.source], ["file", row.file], ["license", row.license], ["SHA-256", row.sha256], ["frontend", row.frontend], ["options", row.options], ["all of it took", row.seconds && duration(row.seconds)], ["peak memory", row.peak_bytes && bytes(row.peak_bytes)]])),
    ),
    row.unprintable ? null : part("Once more", command(report, row, say)),
    row.picture ? part("Graph", picture(row)) : null,
  ];
}

const part = (title, ...children) => element("section", {}, element("h3", {}, title), children);
const facts = (pairs) => element("dl", {}, pairs.filter(([, value]) => value !== undefined && value !== "" && value !== 0).map(([name, value]) => [element("dt", {}, name), element("dd", {}, named(value))]));
const said = ({ message }, from) => (message ? element("pre", { tabindex: "0", role: "region", "aria-label": `Message, ${from}` }, named(message)) : null);

function ofConversion(conversion) {
  const { source_nodes: nodes, operators, source_bytes: file, weight_bytes: weights } = conversion;
  return [
    ["operators", nodes === undefined && operators === undefined ? "" : `${whole(nodes)} → ${whole(operators)}`],
    ["file → weights", file === undefined && weights === undefined ? "" : `${bytes(file)} → ${bytes(weights)}`],
    ["time", duration(conversion.seconds)],
    ["digest", conversion.digest],
    ["blocked by", conversion.blocking?.join(", ")],
    ["error", conversion.code],
  ];
}

function ofComputation({ relative, tolerance, output, load_seconds: load, seconds, code }) {
  return [
    ["largest difference", relative === undefined ? "" : difference(relative)],
    ["allowed", tolerance === undefined ? "" : difference(tolerance)],
    ["in", output],
    ["building the graph", load === undefined ? "" : duration(load)],
    ["inference", seconds === undefined ? "" : duration(seconds)],
    ["error", code],
  ];
}

const change = ({ kind, what = "", before = "", after = "" }) => element("li", {}, element("span", { class: "change", "data-kind": kind }, kind), named(what), before || after ? [" ", named(before), " → ", named(after)] : null);

/** The command that does the same again, with a button that copies it. */
function command({ facts: { manifest, target }, runtimes }, { name }, say) {
  const asked = runtimes.filter((runtime) => runtime.asked).map((runtime) => runtime.name);
  const options = [...(manifest ? ["--zoo", manifest] : []), ...(asked.length ? ["--runtime", asked.join(",")] : []), ...(target ? ["--target", target] : [])];
  const words = name.startsWith("-") ? [...options, "--", name] : [name, ...options];
  const text = `webnn zoo run ${words.map(quoted).join(" ")}`;
  const shown = element("code", { tabindex: "0", role: "region", "aria-label": "Command" }, text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("The command is copied.");
    } catch {
      getSelection().selectAllChildren(shown);
      say(document.execCommand("copy") ? "The command is copied." : "The command is selected.");
    }
  };
  return element("div", { class: "command" }, shown, element("button", { type: "button", onclick: copy }, "Copy"));
}

/** A word as shells take it. */
const quoted = (text) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\"'\"'")}'`);

function picture(row) {
  const address = row.picture.split("/").map(encodeURIComponent).join("/");
  const frame = element("div", {});
  const show = element("button", {
    type: "button",
    onclick: () => {
      frame.append(element("iframe", { sandbox: "allow-scripts", src: address, title: `Graph of ${clipped(row.name, 80)}` }));
      show.remove();
    },
  }, "Show it here");
  return [element("p", { class: "buttons" }, show, element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, "On a page of its own")), frame];
}

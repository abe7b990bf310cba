// The page: one picture, or two of which one is the other's newer version.

import { element } from "../common/element.js";
import { theming } from "../common/theme.js";
import { View } from "./canvas.js";
import { Model, describe } from "./model.js";
import { contents } from "./panel.js";

const data = JSON.parse(document.getElementById("scenes").textContent);
const panel = document.getElementById("panel");
const about = document.getElementById("about");
const search = /** @type {HTMLInputElement} */ (document.getElementById("search"));
const found = document.getElementById("found");
const colours = /** @type {HTMLSelectElement} */ (document.getElementById("colours"));
const help = /** @type {HTMLDialogElement} */ (document.getElementById("help"));
const views = [...document.querySelectorAll("canvas")].map((canvas, i) => new View(canvas, new Model(data.scenes[i])));
let active = views[0];

// ------------------------------------------------------------------------------------------------------------------ actions
function actsOf(view) {
  const at = views.indexOf(view);
  const pairs = data.pairs ?? [];
  const other = (n) => {
    const pair = pairs.find((numbers) => numbers[at] === n);
    if (pair) actsOf(views[1 - at]).reveal("node", pair[1 - at]);
    else announce("The other graph has no such call.");
  };
  return {
    reveal(kind, number) {
      active = view;
      view.reveal(kind, number);
      shown();
    },
    toggle(group) {
      view.toggle(group);
      shown();
    },
    light(calls) {
      view.light(calls);
      announce(`${calls.size.toLocaleString("en")} ${calls.size === 1 ? "operator" : "operators"} lit; Escape ends that`);
    },
    search(text) {
      search.value = text;
      find();
      search.focus();
    },
    other: views.length > 1 ? other : null,
  };
}

function select(view, hit) {
  active = view;
  if (hit) view.select(hit.kind === "open" ? "group" : hit.kind, hit.number);
  else {
    view.select(null);
    view.light(null);
  }
  shown();
}

/** Shows what is selected in the panel. */
function shown() {
  about.replaceChildren(...contents(active, actsOf(active)).filter(Boolean));
  about.scrollTop = 0;
  panel.classList.toggle("has-selection", active.selected !== null);
}

function announce(text) {
  document.getElementById("said").textContent = text;
}

// ------------------------------------------------------------------------------------------------------------------- search
function find() {
  const hits = active.model.search(search.value);
  const { scene } = active.model;
  found.hidden = !search.value;
  const rows = hits.slice(0, 100).map((n) => {
    const { op, outputs, label } = scene.nodes[n];
    const operand = scene.operands[outputs[0]];
    return element("li", {}, element("button", { type: "button", class: "link", onclick: () => choose(n) }, element("b", {}, op), ` ${operand.name} `, element("small", {}, `${describe(operand)} ${label}`)));
  });
  found.replaceChildren(element("li", { class: "count" }, `${hits.length.toLocaleString("en")} found${hits.length > 100 ? ", the first 100" : ""}`), ...rows);
  active.light(search.value && hits.length ? new Set(hits) : null);
}

function choose(n) {
  found.hidden = true;
  active.light(null);
  actsOf(active).reveal("node", n);
  active.canvas.focus();
}

search.addEventListener("input", find);
search.addEventListener("focus", () => (found.hidden = !search.value));
search.addEventListener("keydown", (event) => {
  const first = found.querySelector("button");
  if (event.key === "Enter" && first) first.click();
  if (event.key === "ArrowDown" && first) first.focus();
  if (event.key !== "Escape") return;
  search.value = "";
  find();
  active.canvas.focus();
});
found.addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!step) return;
  event.preventDefault();
  (document.activeElement.closest("li")?.[step]?.querySelector("button") ?? search).focus();
});

// ------------------------------------------------------------------------------------------------------------------ pointer
function listen(view) {
  const { canvas } = view;
  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const now = { x: event.clientX, y: event.clientY };
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    moved += Math.abs(now.x - last.x) + Math.abs(now.y - last.y);
    fingers.set(event.pointerId, now);
    if (!others.length) return view.pan(now.x - last.x, now.y - last.y);
    const { left, top } = canvas.getBoundingClientRect();
    const [still] = others;
    const reach = (at) => Math.hypot(at.x - still.x, at.y - still.y) || 1;
    return view.zoom(reach(now) / reach(last), still.x - left, still.y - top);
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId) || fingers.size || moved > 6 || event.type === "pointercancel") return;
    const hit = view.at(event.clientX, event.clientY);
    const isSame = hit && view.isSelected(hit.box);
    select(view, hit?.box);
    if (hit && (hit.isTitle || (hit.box.kind === "group" && isSame))) actsOf(view).toggle(hit.box.number);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("dblclick", (event) => {
    const hit = view.at(event.clientX, event.clientY);
    if (!hit) view.zoom(1.5, event.offsetX, event.offsetY);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.shiftKey) return view.pan(-event.deltaY - event.deltaX, 0);
      const lines = event.deltaMode === 1 ? 16 : 1;
      return view.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), event.offsetX, event.offsetY);
    },
    { passive: false },
  );
  canvas.addEventListener("focus", () => (active = view));
  new ResizeObserver(() => view.draw()).observe(canvas);
}

// ----------------------------------------------------------------------------------------------------------------- keyboard
const KEYS = {
  ArrowLeft: () => active.pan(60, 0),
  ArrowRight: () => active.pan(-60, 0),
  ArrowUp: () => active.pan(0, 60),
  ArrowDown: () => active.pan(0, -60),
  "+": () => active.zoom(1.25),
  "=": () => active.zoom(1.25),
  "-": () => active.zoom(0.8),
  0: () => active.fit(),
  n: () => step(1),
  p: () => step(-1),
  o: () => active.openAll(true),
  c: () => active.openAll(false),
  d: () => otherTheme(),
  "/": () => search.focus(),
  "?": () => help.showModal(),
  Enter: () => active.selected?.kind === "group" && actsOf(active).toggle(active.selected.number),
  Escape: () => select(active, null),
};

/** Selects the next call in the graph's order, or the one before. */
function step(by) {
  const count = active.model.scene.nodes.length;
  const { selected } = active;
  const from = selected?.kind === "node" ? selected.number : by > 0 ? -1 : count;
  if (from + by >= 0 && from + by < count) actsOf(active).reveal("node", from + by);
}

document.addEventListener("keydown", (event) => {
  const at = /** @type {Element} */ (event.target);
  if (at.closest("input, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && at.closest("button")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// ------------------------------------------------------------------------------------------------------------------ toolbar
const otherTheme = theming(() => {
  for (const view of views) {
    view.restyle();
    view.draw();
  }
});

function colourBy(title) {
  for (const view of views) {
    view.overlay = view.model.scene.overlays.find((overlay) => overlay.title === title) ?? null;
    view.draw();
  }
  shown();
}

const titles = new Set(views.flatMap((view) => view.model.scene.overlays.map((overlay) => overlay.title)));
colours.append(element("option", { value: "" }, "kind of operator"), ...[...titles].map((title) => element("option", { value: title }, title)));
colours.parentElement.hidden = !titles.size;
colours.addEventListener("change", () => colourBy(colours.value));
const click = { fit: KEYS[0], open: KEYS.o, close: KEYS.c, theme: KEYS.d, keys: KEYS["?"] };
for (const [name, act] of Object.entries(click)) document.getElementById(name).addEventListener("click", act);
document.getElementById("back").addEventListener("click", () => select(active, null));
document.getElementById("info").addEventListener("click", () => {
  select(active, null);
  panel.classList.add("has-selection");
});

// -------------------------------------------------------------------------------------------------------------------- start
/** What the address asks for after its #, as it is where it is not encoded. */
function asked() {
  const text = location.hash.slice(1);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

for (const view of views) listen(view);
if (titles.size) {
  colours.value = [...titles].at(-1);
  colourBy(colours.value);
}
const wanted = asked();
const named = wanted ? active.model.scene.nodes.findIndex(({ label, outputs }) => label === wanted || outputs.some((o) => active.model.scene.operands[o].name === wanted)) : -1;
for (const view of views) view.start();
if (named >= 0) active.reveal("node", named);
shown();

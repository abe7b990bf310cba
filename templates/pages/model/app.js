// A page to try a model in: it loads the model, asks it about what it is given, and shows what it says.
import { element } from "../common/element.js";
import { theming } from "../common/theme.js";
import { depth } from "./depth.js";
import { Facts, bytes, milliseconds } from "./facts.js";
import { filing } from "./files.js";
import { labels } from "./labels.js";
import { mask } from "./mask.js";
import { drawing, interfaceOf, tensors } from "./numbers.js";
import { objects } from "./objects.js";
import { picturing } from "./pictures.js";
import { sounding } from "./sounds.js";
import { speech } from "./speech.js";
import { text } from "./text.js";
import { texting } from "./texts.js";
import { values } from "./values.js";
import { vector } from "./vector.js";

const PRESENTERS = { labels, objects, points: objects, instances: objects, regions: objects, text, mask, depth, vector, speech, values };
const SOURCES = { image: picturing, audio: sounding, text: texting, file: filing };
const DEVICES = { "": "the browser's choice", npu: "NPU", gpu: "GPU", cpu: "CPU" };
const BACKENDS = { "ort-webgpu": "ONNX Runtime Web (WebGPU)", "ort-wasm": "ONNX Runtime Web (WebAssembly)" };

const about = JSON.parse(document.getElementById("about").textContent);
const [main, canvas, controls, answers, answer, hint, status, problem, progress] = (
  ["main", "canvas", "controls", "answers", "answer", "hint", "status", "problem", "progress"].map((id) => document.getElementById(id))
);
const facts = new Facts(document.getElementById("facts"));

/** The model, how it is asked, how answers are shown, and how long the network took for the last one, in all of its calls. */
let asked;
let ask;
let presenter;
let source;
let network = 0;
/** The last question and its answer; what is asked while another is answered, of which only the latest counts. */
let last;
let next;
let isBusy = false;

/** Says what is wrong, in sentences and elements; without them that nothing is. */
function alarm(...parts) {
  problem.replaceChildren(...parts.map((part) => (typeof part === "string" ? element("p", {}, part) : part)));
  problem.hidden = !parts.length;
}

/** Whether what is shown is about something else than what was given last. */
function stale(is) {
  for (const one of [canvas, answers]) one.inert = is;
}

/** Says why there is no answer. */
function failed(reason) {
  alarm(reason.message);
  stale(Boolean(last));
}

function busy(is) {
  main.setAttribute("aria-busy", String(is));
}

/** Imports a file beside the page. */
async function imported(file) {
  try {
    return await import(file);
  } catch (reason) {
    if (location.protocol !== "file:") throw reason;
    throw new Error("Browsers load no module from a file. Serve this folder: webnn serve FOLDER, or any other server for files.");
  }
}

/** Has the time that the network takes added up, whoever calls it. */
function timed(model) {
  const compute = model.compute.bind(model);
  model.compute = async (...given) => {
    const start = performance.now();
    try {
      return await compute(...given);
    } finally {
      network += performance.now() - start;
    }
  };
  return model;
}

/** What loads the model, and the object that says what it can be asked. */
async function openedTask(module) {
  if (!about.task) return { load: async (options) => ({ model: await module.load(options) }), task: { name: "compute" } };
  return imported(about.task);
}

function show() {
  if (!last) return;
  const { question, result, note } = last;
  source.show(
    presenter.draw && ((context, unit) => presenter.draw(context, result, unit)),
    presenter.mark && ((context, seconds, size) => presenter.mark(context, result, seconds, size)),
  );
  answer.replaceChildren(...[...presenter.answer(result, question), note && element("p", { class: "quiet" }, note)].filter(Boolean));
  status.textContent = presenter.said(result);
}

/** What the model says; where it takes a part of the question only, about that, and a note that says so. */
async function answered(question) {
  try {
    return { result: await ask(question) };
  } catch (reason) {
    const part = source.part?.(reason);
    if (!part) throw reason;
    return { result: await ask(question, part.options), note: part.note };
  }
}

/** Asks about something, and shows the answer; while another question is answered, of all that are asked the last one waits. */
async function take(question) {
  if (isBusy) {
    next = question;
    return;
  }
  isBusy = true;
  busy(true);
  try {
    const start = performance.now();
    network = 0;
    const { result, note } = await answered(question);
    const total = performance.now() - start;
    facts.ran({ total, network: Math.min(network, total) });
    alarm();
    stale(false);
    hint.hidden = true;
    last = { question, result, note };
    show();
  } catch (reason) {
    failed(reason);
  } finally {
    isBusy = false;
    busy(false);
  }
  const waiting = next;
  next = undefined;
  if (waiting !== undefined) await take(waiting);
}

/** Why the model is not computed here, for whoever opens the page. */
async function refusal(device) {
  const other = "Another browser or device may compute it.";
  if (!isSecureContext) return ["Browsers have WebNN, which computes the model, for pages from https or localhost only."];
  if (!navigator.ml) {
    return [
      "This browser has no WebNN, which computes the model, or has it switched off.",
      "Chrome and Edge have it: enable chrome://flags/#web-machine-learning-neural-network in one of them, and load this page again.",
    ];
  }
  if (device) return [`There is no ${DEVICES[device]} here that takes this model.`];
  try {
    (await navigator.ml.createContext()).destroy();
  } catch {
    return ["This browser has WebNN, which computes the model, but it does not work on this device.", other];
  }
  return ["The WebNN of this browser does not take this model.", other];
}

/** What the module says, for whoever made the page. */
function details({ message }) {
  const advice = about.fallback
    ? "ONNX Runtime Web, which computes where WebNN does not, is missing: npm install onnxruntime-web puts it into the folder of this page."
    : "Written with --fallback ort-web, the page works without WebNN, too.";
  return element("details", {}, element("summary", {}, "What the module says"), element("p", {}, message), element("p", {}, advice));
}

/** Loads the model for a device, and takes it in the place of the one before. */
async function load(module, opened, device) {
  const start = performance.now();
  progress.hidden = false;
  busy(true);
  try {
    const made = await opened.load({
      devices: device ? [device] : undefined,
      onProgress({ loaded, total }) {
        /** @type {HTMLProgressElement} */ (progress).value = total ? loaded / total : 0;
      },
    });
    asked?.model.destroy();
    asked = made;
    const { model } = made;
    timed(model);
    facts.restart();
    facts.set("computed by", `${BACKENDS[model.backend] ?? "WebNN"}${device ? `, ${DEVICES[device]}` : ""}`);
    facts.set("loaded in", milliseconds(performance.now() - start));
    facts.remember();
    model.lost.then((reason) => reason.code === "lost" && alarm(`${reason.message}. Load the page again.`));
    alarm();
    return true;
  } catch (reason) {
    alarm(...(reason.code === "unsupported" ? [...(await refusal(device)), details(reason)] : [reason.message]));
    return false;
  } finally {
    progress.hidden = true;
    busy(false);
  }
}

/** A choice of what computes, for browsers that have one; what does not take the model is not chosen. */
function deviceChoice(changed) {
  let chosen = "";
  const change = async ({ target }) => {
    if (await changed(target.value)) chosen = target.value;
    else target.value = chosen;
  };
  const options = Object.entries(DEVICES).map(([device, name]) => element("option", { value: device }, name));
  return element("label", { class: "device" }, "Compute on ", element("select", { onchange: change }, ...options));
}

function listen() {
  const file = ({ files }) => Array.from(files).find(({ type }) => type.startsWith(source.kind)) ?? files[0];
  const give = (data) => data.files.length && source.given(file(data));
  document.addEventListener("paste", (event) => give(event.clipboardData));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    give(event.dataTransfer);
  });
}

async function start() {
  theming(() => show());
  if (about.weights) facts.set("weights", bytes(about.weights));
  if (about.operators) facts.set("operators", about.operators.toLocaleString("en"));
  if (about.license) facts.set("license", about.license);
  const module = await imported(about.module);
  const opened = await openedTask(module);
  const { task } = opened;
  if (!(await load(module, opened, ""))) return;
  presenter = about.task ? PRESENTERS[task.gives] : tensors(module);
  ask = about.task ? (question, more) => asked[task.name](question, { ...presenter.options, ...more }) : (inputs) => asked.model.compute(inputs);
  const make = about.task ? SOURCES[task.takes] : drawing;
  if (!presenter || !make) throw new Error(`This page does not know how ${task.name}() is asked.`);
  source = make({ canvas, take, alarm, failed, module, ranges: about.ranges });
  const change = async (device) => {
    const isLoaded = await load(module, opened, device);
    if (isLoaded && last) await take(last.question);
    return isLoaded;
  };
  controls.append(...source.controls, ...(presenter.controls?.(show) ?? []));
  if (navigator.ml) document.getElementById("where").append(deviceChoice(change));
  hint.textContent = source.hint;
  if (!about.task) document.getElementById("interface").append(...interfaceOf(module));
  listen();
  status.textContent = source.first;
}

start()
  .catch((reason) => alarm(reason.message))
  .finally(() => {
    progress.hidden = true;
    if (!source) status.textContent = "The model cannot be asked here.";
    busy(false);
  });

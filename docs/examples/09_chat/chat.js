import { load } from "./model/index.js";

const element = (id) => document.getElementById(id);
const [log, form, field, send, stop, fresh, status] = ["log", "form", "message", "send", "stop", "new", "status"].map(element);
const scrolled = log.parentElement;
/** What was said, as the model's chat template takes it. */
let messages = [];
/** Of the answer that is being generated. */
let answering;

function show(className, text, role) {
  const shown = document.createElement("div");
  shown.className = className;
  shown.textContent = text;
  if (role) shown.setAttribute("role", role);
  element("empty")?.remove();
  log.append(shown);
  scrolled.scrollTop = scrolled.scrollHeight;
  return shown;
}

function say(name, className, text) {
  const who = document.createElement("h2");
  who.className = "name";
  who.textContent = name;
  log.append(who);
  return show(`message ${className}`, text);
}

/** Has the buttons do what can be done now. */
function update() {
  send.hidden = Boolean(answering);
  stop.hidden = !answering;
  send.disabled = !field.value.trim();
  fresh.disabled = !messages.length;
  log.setAttribute("aria-busy", String(Boolean(answering)));
}

/** Shows the answer as it comes. */
async function answer(model) {
  const controller = (answering = new AbortController());
  const shown = say("Answer", "assistant growing", "");
  const start = performance.now();
  let [first, count, text] = [0, 0, ""];
  update();
  try {
    for await (const piece of model.chat(messages, { signal: controller.signal })) {
      first ||= performance.now();
      count += 1;
      text += piece.text;
      const isAtEnd = scrolled.scrollHeight - scrolled.scrollTop - scrolled.clientHeight < 40;
      shown.textContent = text;
      if (isAtEnd) scrolled.scrollTop = scrolled.scrollHeight;
    }
  } catch (error) {
    if (controller.signal.reason === "new") return;
    if (error.code !== "aborted") show("", error.code === "cache-full" ? "The conversation is as long as the model can remember. Begin a new one." : error.message, "alert");
  } finally {
    shown.classList.remove("growing");
    if (answering === controller) answering = undefined;
  }
  if (!text) shown.remove();
  else messages.push({ role: "assistant", content: text });
  const seconds = (performance.now() - first) / 1000;
  const rate = count > 1 ? `, ${((count - 1) / seconds).toFixed(1)} a second` : "";
  if (count) show("facts", `${count} tokens${rate}; the first after ${Math.round(first - start)} ms`);
  update();
}

function begin(model) {
  answering?.abort("new");
  answering = undefined;
  messages = [];
  model.reset();
  log.replaceChildren();
  field.focus();
  update();
}

async function start() {
  const model = await load({
    cache: true,
    onProgress: ({ loaded, total }) => {
      if (total) element("progress").value = loaded / total;
    },
  });
  status.textContent = `Computed by ${model.backend}. It may be wrong.`;
  field.disabled = false;
  field.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const content = field.value.trim();
    if (!content || answering) return;
    field.value = "";
    messages.push({ role: "user", content });
    say("You", "user", content);
    answer(model);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  field.addEventListener("input", update);
  stop.addEventListener("click", () => answering?.abort("stop"));
  fresh.addEventListener("click", () => begin(model));
  model.lost.then((error) => show("", `${error.message}. Load the page again.`, "alert"));
  update();
}

start()
  .catch((error) => {
    status.textContent = "";
    show("", error.message, "alert");
  })
  .finally(() => element("loading").remove());

import { load, settings } from "./model/index.js";

const element = (id) => document.getElementById(id);
const [log, record, choose, stop, file, language, status] = ["log", "record", "choose", "stop", "file", "language", "status"].map(element);
const scrolled = log.parentElement;
/** Of the transcript that is being made. */
let working;
/** What takes the microphone's sound, while it does. */
let recorder;

function add(parent, tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

function alarm(text, parent = log) {
  element("empty")?.remove();
  add(parent, "div", "", text).setAttribute("role", "alert");
}

/** Has the buttons do what can be done now. */
function update() {
  stop.hidden = !working;
  record.hidden = choose.hidden = Boolean(working);
  choose.disabled = language.disabled = Boolean(recorder);
  record.disabled = false;
  record.textContent = recorder ? "Stop recording" : "Record";
  log.setAttribute("aria-busy", String(Boolean(working)));
}

/** The samples of a recording as the model takes them: one channel, of its rate. */
async function samplesOf(blob) {
  const context = new OfflineAudioContext(1, 1, settings.sampling_rate); // it resamples what it decodes
  const sound = await context.decodeAudioData(await blob.arrayBuffer());
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    for (const [i, sample] of sound.getChannelData(channel).entries()) samples[i] += sample / sound.numberOfChannels;
  }
  return samples;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Shows what is said in a recording, as it comes: a line for each sentence, from a time that the model says to the next one. */
async function transcribe(model, blob, name) {
  const controller = (working = new AbortController());
  element("empty")?.remove();
  const shown = add(log, "section", "recording growing");
  add(shown, "h2", "", name);
  const player = add(shown, "audio", "");
  Object.assign(player, { controls: true, src: URL.createObjectURL(blob) });
  player.setAttribute("aria-label", name);
  const lines = add(shown, "ol", "lines");
  update();
  shown.scrollIntoView({ block: "end" });
  const start = performance.now();
  let line;
  try {
    const samples = await samplesOf(blob).catch(() => {
      throw new Error("This is no recording that the browser can read.");
    });
    for await (const { text, time } of model.generate(samples, { timestamps: true, language: language.value || undefined, signal: controller.signal })) {
      const isAtEnd = scrolled.scrollHeight - scrolled.scrollTop - scrolled.clientHeight < 40;
      if (time !== undefined) {
        if (!line?.lastChild.textContent) line?.remove();
        line = add(lines, "li", "");
        add(line, "time", "", clock(time));
        add(line, "span", "");
      } else if (line) line.lastChild.textContent += line.lastChild.textContent ? text : text.trimStart();
      if (isAtEnd) scrolled.scrollTop = scrolled.scrollHeight;
    }
    const seconds = (performance.now() - start) / 1000;
    add(shown, "p", "facts", `${(samples.length / settings.sampling_rate).toFixed(1)} seconds, written down in ${seconds.toFixed(1)}`);
  } catch (error) {
    if (error.code === "aborted") add(shown, "p", "facts", "Stopped.");
    else alarm(error.message, shown);
  } finally {
    if (line && !line.lastChild.textContent) line.remove();
    shown.classList.remove("growing");
    working = undefined;
    update();
    scrolled.scrollTop = scrolled.scrollHeight;
  }
}

/** Takes the microphone's sound until it is told to stop, then shows what was said. */
async function listen(model) {
  if (recorder) {
    recorder.stop();
    return;
  }
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const parts = [];
  recorder = new MediaRecorder(stream);
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.addEventListener("stop", () => {
    for (const track of stream.getTracks()) track.stop();
    recorder = undefined;
    transcribe(model, new Blob(parts), `Recording at ${new Date().toLocaleTimeString()}`);
  });
  recorder.start();
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
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const known = Object.keys(settings.languages ?? {}).map((code) => [names.of(code), code]);
  for (const [name, code] of known.sort(([a], [b]) => a.localeCompare(b))) language.append(new Option(name, code));
  language.hidden = !known.length;
  const take = (given) => {
    if (given && !working && !recorder) transcribe(model, given, given.name);
  };
  record.addEventListener("click", () => {
    listen(model).catch((error) => alarm(`There is no microphone: ${error.message}`));
  });
  choose.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    take(file.files[0]);
    file.value = "";
  });
  stop.addEventListener("click", () => working?.abort("stop"));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    take(event.dataTransfer.files[0]);
  });
  model.lost.then((error) => alarm(`${error.message}. Load the page again.`));
  update();
}

start()
  .catch((error) => {
    status.textContent = "";
    alarm(error.message);
  })
  .finally(() => element("loading").remove());

import { cut, load as loadDetector } from "./lines.task.js";
import { load as loadRecognizer } from "./reading.task.js";

const element = (id) => document.getElementById(id);
const [main, picture, answers, facts, error, file] = ["main", "picture", "answers", "facts", "error", "file"].map(element);
const context = picture.getContext("2d", { willReadFrequently: true });
let isBusy = false;

function alarm(text) {
  error.textContent = text;
  error.hidden = !text;
}

/** Covers a line of text, and writes what was read of it along its longer side. */
function draw({ corners, text }) {
  const [one, two, three, four] = corners;
  const [across, down] = [two, four].map(([x, y]) => Math.hypot(x - one[0], y - one[1]));
  const isTall = down >= 1.5 * across;
  const [start, end] = isTall ? [two, three] : [one, two];
  const [length, height] = isTall ? [down, across] : [across, down];
  context.save();
  context.beginPath();
  for (const corner of corners) context.lineTo(...corner);
  context.closePath();
  context.fillStyle = "#1f5fd0";
  context.fill();
  context.translate(...start);
  context.rotate(Math.atan2(end[1] - start[1], end[0] - start[0]));
  context.fillStyle = "#fff";
  context.font = `${0.7 * height}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.fillText(text, 0.1 * height, 0.5 * height, length - 0.2 * height);
  context.restore();
}

function list(read) {
  answers.replaceChildren(
    ...read.map(({ text, score }) => {
      const row = document.createElement("li");
      const [line, bar, number] = ["span", "meter", "span"].map((tag) => row.appendChild(document.createElement(tag)));
      line.textContent = text;
      bar.value = score;
      bar.setAttribute("aria-label", `How sure: ${text}`);
      number.textContent = `${Math.round(100 * score)} %`;
      return row;
    }),
  );
}

/** Reads a picture, line by line. */
async function look(detector, recognizer, bitmap) {
  isBusy = true;
  main.setAttribute("aria-busy", "true");
  try {
    const start = performance.now();
    picture.width = bitmap.width;
    picture.height = bitmap.height;
    context.drawImage(bitmap, 0, 0);
    const page = context.getImageData(0, 0, bitmap.width, bitmap.height);
    element("empty").hidden = true;
    picture.hidden = false;
    alarm("");
    const read = [];
    for (const line of await detector.detect(page)) read.push({ ...line, ...(await recognizer.recognize(await cut(page, line))) });
    for (const line of read) draw(line);
    list(read);
    const found = `${read.length || "No"} ${read.length === 1 ? "line" : "lines"} of text`;
    picture.setAttribute("aria-label", `The picture, with ${found} marked`);
    facts.textContent = `${found} in ${(performance.now() - start).toFixed(0)} ms, in a picture of ${bitmap.width} by ${bitmap.height} pixels.`;
  } catch (reason) {
    alarm(reason.message);
  } finally {
    isBusy = false;
    main.setAttribute("aria-busy", "false");
  }
}

async function start() {
  const done = [0, 0];
  const options = (i) => ({
    cache: true,
    onProgress: ({ loaded, total }) => {
      done[i] = total ? loaded / total : 0;
      element("progress").value = (done[0] + done[1]) / 2;
    },
  });
  const [detector, recognizer] = await Promise.all([loadDetector(options(0)), loadRecognizer(options(1))]);
  const take = async (blob) => {
    if (!blob || isBusy) return;
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob);
    } catch {
      alarm("This is no picture that the browser can read.");
      return;
    }
    await look(detector, recognizer, bitmap);
    bitmap.close();
  };
  element("status").textContent = `Computed by ${detector.model.backend}.`;
  main.setAttribute("aria-busy", "false");
  element("choose").disabled = false;
  element("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    take(file.files[0]);
    file.value = "";
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
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
  for (const { model } of [detector, recognizer]) model.lost.then((reason) => alarm(`${reason.message}. Load the page again.`));
}

start()
  .catch((reason) => {
    element("status").textContent = "";
    alarm(reason.message);
  })
  .finally(() => element("progress").remove());

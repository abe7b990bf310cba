import { load } from "./shapes.task.js";

const element = (id) => document.getElementById(id);
const [main, picture, answers, facts, video, error, file] = ["main", "picture", "answers", "facts", "video", "error", "file"].map(element);
const context = picture.getContext("2d");
const HUES = 7;
/** Of the camera, while it is on. */
let stream;
/** Whether a picture is being looked at. */
let isBusy = false;
/** The colour of each label that was found. */
const colours = new Map();

function colourOf(label) {
  if (!colours.has(label)) colours.set(label, `hsl(${(360 * colours.size) / HUES} 80% 32%)`);
  return colours.get(label);
}

function alarm(text) {
  error.textContent = text;
  error.hidden = !text;
}

/** Draws a picture, and on it what is found. */
function draw(source, width, height, objects) {
  picture.width = width;
  picture.height = height;
  picture.hidden = false;
  context.drawImage(source, 0, 0);
  const unit = Math.max(width, height) / 320;
  context.font = `600 ${11 * unit}px system-ui, sans-serif`;
  context.textBaseline = "top";
  for (const { label, box } of objects) {
    const [x, y] = [box.left, box.top];
    context.strokeStyle = context.fillStyle = colourOf(label);
    context.lineWidth = 2 * unit;
    context.strokeRect(x, y, box.right - x, box.bottom - y);
    const above = Math.max(0, y - 15 * unit);
    context.fillRect(x - unit, above, context.measureText(label).width + 8 * unit, 15 * unit);
    context.fillStyle = "#fff";
    context.fillText(label, x + 3 * unit, above + 2 * unit);
  }
  picture.setAttribute("aria-label", objects.length ? `The picture, with ${objects.length} things marked` : "The picture, with nothing found in it");
}

function list(objects) {
  answers.replaceChildren(
    ...objects.map(({ label, score }) => {
      const row = document.createElement("li");
      const [colour, name, bar, number] = ["b", "span", "meter", "span"].map((tag) => row.appendChild(document.createElement(tag)));
      colour.style.background = colourOf(label);
      name.textContent = label;
      bar.value = score;
      bar.setAttribute("aria-label", `How sure: ${label}`);
      number.textContent = `${Math.round(100 * score)} %`;
      return row;
    }),
  );
}

/** Looks at a picture, and shows it with what is found. */
async function look(asked, source, width, height) {
  isBusy = true;
  main.setAttribute("aria-busy", "true");
  try {
    const start = performance.now();
    const objects = await asked.detect(source);
    const milliseconds = performance.now() - start;
    element("empty").hidden = true;
    alarm("");
    draw(source, width, height, objects);
    list(objects);
    const found = `${objects.length || "Nothing"} found`;
    facts.textContent = `${found} in ${milliseconds.toFixed(0)} ms, in a picture of ${width} by ${height} pixels.`;
  } catch (reason) {
    alarm(reason.message);
  } finally {
    isBusy = false;
    main.setAttribute("aria-busy", "false");
  }
}

async function take(asked, blob) {
  if (!blob || isBusy) return;
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    alarm("This is no picture that the browser can read.");
    return;
  }
  await look(asked, bitmap, bitmap.width, bitmap.height);
  bitmap.close();
}

/** Has the camera on, and looks at one frame after another; or ends that. */
async function film(asked) {
  if (stream) {
    for (const track of stream.getTracks()) track.stop();
    stream = undefined;
  } else {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
  }
  element("camera").setAttribute("aria-pressed", String(Boolean(stream)));
  element("camera").textContent = stream ? "Stop the camera" : "Camera";
  element("choose").disabled = Boolean(stream);
  while (stream) {
    if (!isBusy) await look(asked, video, video.videoWidth, video.videoHeight);
    await new Promise(requestAnimationFrame);
  }
}

async function start() {
  const asked = await load({
    cache: true,
    onProgress: ({ loaded, total }) => {
      if (total) element("progress").value = loaded / total;
    },
  });
  element("status").textContent = `Computed by ${asked.model.backend}. It knows circles, squares and triangles.`;
  main.setAttribute("aria-busy", "false");
  element("choose").disabled = element("camera").disabled = false;
  element("choose").addEventListener("click", () => file.click());
  element("camera").addEventListener("click", () => {
    film(asked).catch((reason) => alarm(`There is no camera: ${reason.message}`));
  });
  file.addEventListener("change", () => {
    take(asked, file.files[0]);
    file.value = "";
  });
  document.addEventListener("paste", (event) => take(asked, event.clipboardData.files[0]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (!stream) take(asked, event.dataTransfer.files[0]);
  });
  asked.model.lost.then((reason) => alarm(`${reason.message}. Load the page again.`));
}

start()
  .catch((reason) => {
    element("status").textContent = "";
    alarm(reason.message);
  })
  .finally(() => element("progress").remove());

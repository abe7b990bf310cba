import { inputs, load, outputs } from "./edges.js";

const element = (id) => document.getElementById(id);
const [, , height, width] = inputs[0].shape;
const [, , rows, columns] = outputs[0].shape;
const picture = element("picture").getContext("2d", { willReadFrequently: true });

/** The picture as the model takes it: all red values, then all green ones, then all blue ones, from 0 to 1. */
function read() {
  const { data } = picture.getImageData(0, 0, width, height);
  return Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const channel = Math.floor(i / (height * width));
    return data[4 * (i % (height * width)) + channel] / 255;
  });
}

function show(edges) {
  const shown = new ImageData(columns, rows);
  edges.forEach((edge, i) => shown.data.fill(255 * (1 - edge), 4 * i, 4 * i + 3));
  for (let i = 3; i < shown.data.length; i += 4) shown.data[i] = 255;
  element("edges").getContext("2d").putImageData(shown, 0, 0);
}

function drawExample() {
  const sky = picture.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, "#7cb8e8");
  sky.addColorStop(1, "#fdf3dc");
  picture.fillStyle = sky;
  picture.fillRect(0, 0, width, height);
  picture.fillStyle = "#f5b83d";
  picture.arc(190, 70, 28, 0, 2 * Math.PI);
  picture.fill();
  for (const [color, points] of [["#5a7d9a", [-20, 260, 90, 90, 200, 260]], ["#2f5d50", [70, 260, 180, 140, 290, 260]]]) {
    picture.fillStyle = color;
    picture.beginPath();
    for (let i = 0; i < points.length; i += 2) picture.lineTo(points[i], points[i + 1]);
    picture.fill();
  }
}

/** The middle of the chosen file, as large as the model takes it. */
async function drawFile(file) {
  const image = await createImageBitmap(file);
  const side = Math.min(image.width, image.height);
  picture.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, width, height);
}

async function compute(model) {
  const start = performance.now();
  const { edges } = await model.compute({ image: read() });
  show(edges);
  element("status").textContent = `Computed in ${Math.round(performance.now() - start)} ms by ${model.backend}.`;
}

function fail(error) {
  element("status").textContent = "";
  element("error").textContent = error.message;
  element("error").hidden = false;
}

async function start() {
  const model = await load({
    onProgress: ({ loaded, total }) => {
      if (total) element("progress").value = loaded / total;
    },
  });
  await compute(model);
  element("file").disabled = false;
  element("file").addEventListener("change", ({ target }) => {
    element("error").hidden = true;
    drawFile(target.files[0]).then(() => compute(model)).catch(fail);
  });
}

drawExample();
start().catch(fail).finally(() => element("progress").remove());

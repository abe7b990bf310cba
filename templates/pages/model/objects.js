// Objects: their boxes, points and masks on the picture, and a list of them.
import { element } from "../common/element.js";
import { Numbers, colourOf, patch, rgbOf, textOn } from "./colours.js";
import { scored } from "./labels.js";

/** What is asked for, so that less of it can be shown without asking again, and what is shown at first. */
const LEAST = 0.1;
const SHOWN = 0.5;
/** Of a mask, of 255. */
const SHADE = 128;
const numbers = new Numbers();
let threshold = SHOWN;

const shownOf = (found) => found.filter(({ score }) => score >= threshold);

function drawMask(context, { label, mask: { left, top, width, height, pixels } }) {
  if (!pixels.length) return;
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  const [red, green, blue] = rgbOf(numbers.of(label));
  const colours = new Uint32Array(image.data.buffer);
  const colour = ((SHADE << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  pixels.forEach((is, i) => is && (colours[i] = colour));
  canvas.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(canvas, left, top);
}

function drawBox(context, { label, box, corners, points }, unit) {
  const number = numbers.of(label);
  const [x, y] = [box.left, box.top];
  const outline = corners ?? [[x, y], [box.right, y], [box.right, box.bottom], [x, box.bottom]];
  context.strokeStyle = context.fillStyle = colourOf(number);
  context.lineWidth = 2.5 * unit;
  context.beginPath();
  for (const corner of outline) context.lineTo(...corner);
  context.closePath();
  context.stroke();
  for (const { x: across, y: down, score = 1 } of points ?? []) {
    if (score < threshold) continue;
    context.beginPath();
    context.arc(across, down, 3.5 * unit, 0, 7);
    context.fill();
  }
  if (corners) return; // lines of text, which a label would cover
  const above = Math.max(0, y - 18 * unit);
  context.fillRect(x - 1.25 * unit, above, context.measureText(label).width + 10 * unit, 18 * unit);
  context.fillStyle = textOn(number);
  context.fillText(label, x + 4 * unit, above + 2.5 * unit);
}

/** A slider of what is shown, which calls `changed`. */
function slider(changed) {
  const shown = element("output", {}, `${100 * SHOWN} %`);
  const change = ({ target }) => {
    threshold = target.valueAsNumber / 100;
    shown.textContent = `${target.value} %`;
    changed();
  };
  const input = element("input", { type: "range", min: 100 * LEAST, max: 95, step: 5, value: 100 * SHOWN, oninput: change });
  return element("label", { class: "slider" }, "Show from ", input, shown);
}

export const objects = {
  options: { threshold: LEAST },
  controls: (changed) => [slider(changed)],
  draw(context, found, unit) {
    context.font = `600 ${13 * unit}px system-ui, sans-serif`;
    context.textBaseline = "top";
    const shown = shownOf(found).reverse();
    for (const one of shown) if (one.mask) drawMask(context, one);
    for (const one of shown) drawBox(context, one, unit);
  },
  answer: (found) => [
    element(
      "ol",
      { class: "scores", "aria-label": "Objects" },
      ...shownOf(found).map(({ label, score }) => scored(label, score, patch(colourOf(numbers.of(label))))),
    ),
  ],
  said(found) {
    const count = shownOf(found).length;
    return `${count || "Nothing"} found`;
  },
};

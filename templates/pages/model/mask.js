// A mask: the label of each pixel, as a translucent colour over the picture, and a legend.
import { element } from "../common/element.js";
import { colourOf, patch, rgbOf } from "./colours.js";
import { scored } from "./labels.js";

const OPACITY = 150;
const MOST_ROWS = 15;

/** A mask as a picture of its own. */
function painted({ width, height, classes }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const colours = new Map();
  for (let i = 0, to = 0; i < classes.length; i += 1, to += 4) {
    const number = classes[i];
    if (!colours.has(number)) colours.set(number, rgbOf(number));
    const colour = colours.get(number);
    image.data[to] = colour[0];
    image.data[to + 1] = colour[1];
    image.data[to + 2] = colour[2];
    image.data[to + 3] = OPACITY;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The labels that are there, with the share of pixels of each, the most first. */
function shares({ classes, labels: names }) {
  const counts = new Map();
  for (const number of classes) counts.set(number, (counts.get(number) ?? 0) + 1);
  const all = Array.from(counts, ([number, count]) => ({ number, name: names[number] ?? `label ${number}`, share: count / classes.length }));
  return all.sort((a, b) => b.share - a.share);
}

export const mask = {
  draw(context, result) {
    context.drawImage(painted(result), 0, 0, result.width, result.height);
  },
  answer(result) {
    const rows = shares(result).slice(0, MOST_ROWS);
    const listed = rows.map(({ number, name, share }) => scored(name, share, patch(colourOf(number))));
    return [element("ol", { class: "scores", "aria-label": "Labels, and their share of the picture" }, ...listed)];
  },
  said(result) {
    const [first] = shares(result);
    return first ? `Mostly ${first.name}` : "Nothing";
  },
};

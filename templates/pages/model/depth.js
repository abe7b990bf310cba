// How far away each pixel is, as a picture: what is near is bright.
import { element } from "../common/element.js";

/** Colours from far to near. */
const RAMP = [[13, 8, 60], [92, 22, 128], [186, 54, 110], [244, 124, 60], [252, 236, 160]];

/** The smallest and the largest of some numbers, but for those that are none. */
export function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

function rampAt(share) {
  const place = Math.min(RAMP.length - 1.000001, Math.max(0, share * (RAMP.length - 1)));
  const [from, to] = [RAMP[Math.floor(place)], RAMP[Math.floor(place) + 1]];
  return from.map((value, i) => value + (to[i] - value) * (place % 1));
}

const STEPS = Array.from({ length: 256 }, (_, i) => rampAt(i / 255));

function drawn({ width, height, values, inverse }) {
  const canvas = element("canvas", { class: "depth", width, height, role: "img", "aria-label": "How far away things are: what is near is bright" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const [low, high] = rangeOf(values);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0, to = 0; i < values.length; i += 1, to += 4) {
    const share = Math.round(((inverse ? values[i] - low : high - values[i]) || 0) * scale);
    image.data.set(STEPS[Math.min(255, Math.max(0, share))], to);
    image.data[to + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

export const depth = {
  answer(result) {
    const [low, high] = rangeOf(result.values).map((value) => value.toPrecision(4));
    const what = result.inverse ? "inverse depth: larger is nearer" : "depth: smaller is nearer";
    return [drawn(result), element("p", { class: "quiet" }, `From ${low} to ${high}, as ${what}.`)];
  },
  said: () => "A map of how far away things are",
};

// A colour for each of any number of things, and text that is read on it.

/** Red, green and blue of the i-th thing, from 0 to 255: hues that are far apart, by the golden angle. */
export function rgbOf(i) {
  const hue = (212 + i * 137.508) % 360;
  const channel = (n) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (0.42 - 0.34 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

export const colourOf = (i) => `rgb(${rgbOf(i).join(" ")})`;

/** Black or white, whichever is read on the i-th colour. */
export function textOn(i) {
  const [red, green, blue] = rgbOf(i).map((value) => (value / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "#000" : "#fff";
}

/** The numbers of names, in the order in which they come. */
export class Numbers {
  #known = new Map();

  of(name) {
    if (!this.#known.has(name)) this.#known.set(name, this.#known.size);
    return this.#known.get(name);
  }
}

/** A patch of a colour beside what it stands for. */
export function patch(colour) {
  const made = document.createElement("b");
  made.className = "patch";
  made.style.background = colour;
  made.setAttribute("aria-hidden", "true");
  return made;
}

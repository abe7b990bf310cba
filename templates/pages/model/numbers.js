// A model of which it is not known what it is asked: its inputs and outputs, and what it computes of random numbers.
import { element } from "../common/element.js";

const ARRAYS = {
  float32: Float32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int8: Int8Array,
};
const FIRST = 4;

const sizeOf = ({ shape }) => shape.reduce((product, length) => product * length, 1);
const shapeOf = ({ dataType, shape }) => `${dataType}[${shape.join(", ")}]`;

/** A number of the standard normal distribution: Box and Muller. */
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/** Random values for an input; integers are from `low` to `high`. */
function randomValues(input, [low, high] = [0, 1]) {
  const { dataType } = input;
  const size = sizeOf(input);
  const whole = () => low + Math.floor(Math.random() * (high - low + 1));
  if (dataType === "float32") return Float32Array.from({ length: size }, normal);
  if (dataType === "float16") {
    const Halves = globalThis.Float16Array;
    if (Halves) return Halves.from({ length: size }, normal);
    return Uint16Array.from({ length: size }, () => 0x3800 + Math.floor(Math.random() * 1024)); // from 0.5 to 1
  }
  if (dataType.endsWith("64")) return ARRAYS[dataType].from({ length: size }, () => BigInt(whole()));
  if (dataType.endsWith("int4")) return Uint8Array.from({ length: Math.ceil(size / 2) }, () => whole() | (whole() << 4));
  return (ARRAYS[dataType] ?? Uint8Array).from({ length: size }, whole);
}

function ofHalf(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/** The values of an output as numbers. */
function valuesOf(output, array) {
  if (output.dataType === "float16" && array instanceof Uint16Array) return Float32Array.from(array, ofHalf);
  if (!output.dataType.endsWith("int4")) return array;
  const signed = (value) => (output.dataType === "int4" && value > 7 ? value - 16 : value);
  return Array.from({ length: sizeOf(output) }, (_, i) => signed((array[i >> 1] >> (i % 2 ? 4 : 0)) & 15));
}

/** What there is to say of numbers: the least, the mean and the largest, how many are none, and the first. */
function summed(values) {
  let [low, high, sum, wrong] = [Infinity, -Infinity, 0, 0];
  for (const one of values) {
    const value = Number(one);
    if (Number.isNaN(value)) wrong += 1;
    else {
      low = Math.min(low, value);
      high = Math.max(high, value);
      sum += value;
    }
  }
  const short = (value) => (Number.isInteger(value) ? String(value) : Math.abs(value) < 0.001 ? value.toExponential(2) : value.toPrecision(3));
  const first = Array.from(values.slice(0, FIRST), (value) => short(Number(value)));
  const count = values.length - wrong;
  const range = count ? [low, sum / count, high].map(short) : ["–", "–", "–"];
  return [...range, `${first.join(", ")}${values.length > FIRST ? ", ..." : ""}${wrong ? ` (${wrong} are no numbers)` : ""}`];
}

const cellsOf = (texts) => texts.map((text) => element("td", {}, text));

/** A table that is as wide as there is room. */
function table(caption, heads, ...bodies) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  const made = element("table", {}, element("caption", {}, caption), element("thead", {}, head), ...bodies.map((rows) => element("tbody", {}, ...rows)));
  return element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption }, made);
}

/** The inputs and outputs of a model, and what would make more than their numbers of them. */
export function interfaceOf({ inputs, outputs, metadata }) {
  const meaningOf = ({ name, random }) => random ?? metadata?.tensors[name]?.kind ?? "";
  const row = (tensor) => element("tr", {}, element("th", { scope: "row" }, tensor.name), cellsOf([shapeOf(tensor), meaningOf(tensor)]));
  const heads = ["name", "type", "meaning"];
  const advice =
    "A conversion that says what inputs and outputs are makes this a page for pictures, sounds or files: with --image, --audio or " +
    "--file, and --labels, --characters or --regression. For texts, the tokenizer is in the model's folder.";
  const words = advice.split(/(--\w+)/).map((part, i) => (i % 2 ? element("code", {}, part) : part));
  return [table("Inputs", heads, inputs.map(row)), table("Outputs", heads, outputs.map(row)), element("p", { class: "quiet" }, words)];
}

/** What a page needs for random numbers: `take(inputs)` computes. */
export function drawing({ module, ranges, take }) {
  const given = module.inputs.filter(({ random }) => !random);
  const draw = () => Object.fromEntries(given.map((input) => [input.name, randomValues(input, ranges[input.name])]));
  return {
    kind: "",
    first: "Run it on random numbers.",
    hint: "",
    controls: [element("button", { type: "button", class: "main", onclick: () => take(draw()) }, "Run on random numbers")],
    given: () => {},
    show: () => {},
  };
}

/** How the outputs of a model are shown. */
export const tensors = (module) => ({
  answer(results) {
    const heads = ["least", "mean", "largest", "first"];
    const bodies = module.outputs.map((output) => [
      element("tr", {}, element("th", { scope: "rowgroup", colspan: heads.length }, output.name)),
      element("tr", {}, cellsOf(summed(valuesOf(output, results[output.name])))),
    ]);
    return [table("What it computes", heads, ...bodies)];
  },
  said: () => "Computed",
});

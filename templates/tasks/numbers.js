import { TYPES } from "./facts.js";
import { rounded } from "./rounding.js";

/** Numbers as an array of a data type. */
function converted(values, dataType) {
  const [view] = TYPES[dataType];
  if (dataType === "float32") return values;
  if (dataType === "float16") return view === Uint16Array ? Uint16Array.from(values, halfOf) : view.from(values);
  return view.from(values, dataType.endsWith("64") ? (value) => BigInt(rounded(value)) : rounded);
}

/** The bits of a number as float16. */
function halfOf(value) {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (magnitude < 2 ** -14) return sign | rounded(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  return sign | Math.min(0x7c00, ((exponent + 15) << 10) + rounded((magnitude / 2 ** exponent - 1) * 1024));
}

export { converted };

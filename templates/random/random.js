import { TYPES, inputs } from "../runtime/facts.js";
import { Model } from "../runtime/model.js";
import { byteLength } from "../runtime/tensors.js";
import { generator } from "./generator.js";

/** Numbers of the standard normal distribution, or of the uniform one in [0, 1). */
function draw(next, input) {
  const { random, dataType, shape } = input;
  const [view] = TYPES[dataType];
  const bits = dataType === "float16" ? 11 : 24; // exact, and less than 1
  const uniform = () => next(bits) / 2 ** bits;
  const normal = () => {
    const radius = Math.sqrt(-2 * Math.log(1 - next(24) / 2 ** 24)); // Box and Muller
    return radius * Math.cos(2 * Math.PI * (next(24) / 2 ** 24));
  };
  const count = byteLength({ dataType, shape }) / view.BYTES_PER_ELEMENT;
  const one = random === "normal" ? normal : uniform;
  const values = Float32Array.from({ length: count }, one);
  return dataType === "float16" && view === Uint16Array ? Uint16Array.from(values, float16Bits) : view.from(values);
}

/** The bits of a number as float16, for browsers without Float16Array. */
function float16Bits(value) {
  const [magnitude, sign] = [Math.abs(value), value < 0 || Object.is(value, -0) ? 0x8000 : 0];
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const fraction = Math.round((magnitude / 2 ** exponent - 1) * 1024); // 1024 carries into the exponent
  return sign | (((exponent + 15) << 10) + fraction);
}

/** What is drawn for the random inputs that are not given, by name. */
function drawn(values, seed) {
  const next = generator(seed);
  const missing = inputs.filter((input) => input.random && !Object.hasOwn(values, input.name));
  return Object.fromEntries(missing.map((input) => [input.name, draw(next, input)]));
}

const { compute, run } = Model.prototype;
const completed = (values, seed) => (values !== null && typeof values === "object" ? { ...values, ...drawn(values, seed) } : values);

/** compute() and run() of inputs of which random ones may be missing: they are drawn, with the same seed the same. */
Object.assign(Model.prototype, {
  async compute(values, { seed = Math.random() * 2 ** 32 } = {}) {
    return compute.call(this, completed(values, seed));
  },
  async run(values, results, { seed = Math.random() * 2 ** 32 } = {}) {
    return run.call(this, completed(values, seed), results);
  },
});

export { drawn };

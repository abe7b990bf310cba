import { ANSWERS, INPUTS, SILENT, TYPES, metadata } from "./facts.js";
import { converted } from "./numbers.js";
import { samplesOf } from "./recordings.js";
import { hopOf, pieces, spread } from "./windows.js";

const product = (shape) => shape.reduce((one, other) => one * other, 1);

/** Samples as an input takes them: filled up with silence, or repeated. */
function fitted(given, { shape, dataType, normalized, repeated, cut, ends }) {
  const { length } = given;
  const values = new Float32Array(product(shape));
  values.set(given);
  if (normalized) {
    const mean = given.reduce((sum, value) => sum + value, 0) / length;
    const variance = given.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
    for (let i = 0; i < length; i += 1) values[i] = (values[i] - mean) / Math.sqrt(variance + 1e-7);
  }
  if (repeated) for (let i = length; i + (cut ? 1 : length) <= values.length; i += length) values.copyWithin(i, 0, length);
  if (ends && !values[length - 1]) values[length - 1] = SILENT;
  return converted(values, dataType);
}

/** Arrays one after another. */
function joined(parts) {
  const whole = new parts[0].constructor(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/**
 * Where windows begin, and which steps of text are taken of each; `size` is how many new samples each has. Where a model knows what was
 * before, each begins where the one before it ends.
 */
function windowsOf(count, size, { kind, shape }, hop, isKnown) {
  if (kind === "characters") return pieces(count, size, shape.at(-2), hop);
  const starts = kind === "speech" || isKnown ? Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size) : spread(count, size);
  return starts.map((start) => ({ start, first: 0, end: 0 }));
}

/** What a model gives for all windows of a sound, and what they are; a promise where the sound must be decoded. */
function inputsOf(source) {
  const [audio, ...states] = INPUTS;
  const { context, sampling_rate: rate } = audio;
  const size = audio.shape.at(-1) - context;
  const [answer] = ANSWERS;
  const hop = answer.hop ?? hopOf(size, answer.shape.at(-2) ?? 1);
  const nexts = Object.entries(metadata.tensors).filter(([, { kind }]) => kind === "state");
  const given = (samples) => {
    const windows = windowsOf(samples.length, size, answer, hop, nexts.length || context);
    /** The samples of a window, behind the last ones before it. */
    const windowAt = (start) => {
      const end = Math.min(samples.length, start + size);
      const values = new Float32Array(context + end - start);
      const first = Math.max(0, start - context);
      values.set(samples.subarray(first, end), context - start + first);
      return values;
    };
    const results = async (compute) => {
      const found = ANSWERS.map(() => []);
      let kept = states.map(({ name, dataType, shape }) => [name, new TYPES[dataType][0](product(shape))]);
      for (const { start } of windows) {
        const made = await compute({ ...Object.fromEntries(kept), [audio.name]: fitted(windowAt(start), audio) });
        ANSWERS.forEach(({ name }, i) => found[i].push(made[name]));
        kept = nexts.map(([output, { input }]) => [input, made[output]]);
      }
      return Object.fromEntries(ANSWERS.map(({ name }, i) => [name, joined(found[i])]));
    };
    return { results, place: { windows, size, count: samples.length, rate, seconds: hop / rate } };
  };
  const read = samplesOf(source, rate);
  return read.then ? read.then(given) : given(read);
}

export { inputsOf };

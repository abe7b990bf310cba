// Times graphs in a page: in turns, so that what else the machine does meets all of them alike.

import { byteLength, viewOf } from "../runtime/tensors.js";

/** Milliseconds that a turn of a small graph takes about; it is dispatched often enough for that. */
const TURN = 1;
const MOST_DISPATCHES = 20;
const FEWEST_ROUNDS = 6;

/**
 * Builds the graphs of `<folder>/graphs.js` and sends to `<folder>/out/times`, for each of them, the milliseconds of a dispatch, one per
 * round, or the error of its build. Constants are parts of `<folder>/weights`.
 */
export async function time(argument) {
  const { folder, seconds, rounds } = JSON.parse(argument);
  const { graphs } = await import(`${folder}/graphs.js`);
  const weights = await (await fetch(`${folder}/weights`, { cache: "no-store" })).arrayBuffer();
  const context = await navigator.ml.createContext();
  const tensors = new Map();
  const times = [];
  const running = [];
  for (const { inputs, outputs, build } of graphs) {
    try {
      const builder = new MLGraphBuilder(context);
      const weight = (descriptor, offset) =>
        builder.constant(descriptor, viewOf(descriptor.dataType, weights.slice(offset, offset + byteLength(descriptor))));
      const graph = await builder.build(build(builder, weight));
      const bound = {};
      for (const [operand, descriptor] of Object.entries(inputs)) bound[operand] = await shared(context, tensors, operand, descriptor, true);
      const results = {};
      for (const [operand, descriptor] of Object.entries(outputs)) results[operand] = await shared(context, tensors, operand, descriptor, false);
      running.push({ graph, bound, results, samples: [], dispatches: 1 });
      times.push(running.at(-1).samples);
    } catch (error) {
      times.push(`${error.name}: ${error.message}`);
    }
  }
  for (const each of running) {
    await turn(context, each);
    each.dispatches = Math.min(MOST_DISPATCHES, Math.ceil(TURN / Math.max(await turn(context, each), 0.001)));
  }
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < rounds && (round < FEWEST_ROUNDS || performance.now() < end); round++) {
    for (const each of running) each.samples.push(await turn(context, each));
  }
  context.destroy();
  await fetch(`${folder}/out/times`, { method: "POST", body: JSON.stringify(times) });
}

/** Milliseconds of a dispatch. All are done when the smallest result can be read. */
async function turn(context, { graph, bound, results, dispatches }) {
  const start = performance.now();
  for (let i = 0; i < dispatches; i++) context.dispatch(graph, bound, results);
  const smallest = Object.values(results).reduce((a, b) => (byteLength(a) <= byteLength(b) ? a : b));
  await context.readTensor(smallest);
  return (performance.now() - start) / dispatches;
}

/** The tensor of this name and kind, which all graphs share: real numbers are drawn from [-1, 1), integers are 0, which is any index. */
async function shared(context, tensors, name, descriptor, isInput) {
  const key = JSON.stringify([name, descriptor, isInput]);
  if (!tensors.has(key)) {
    const tensor = await context.createTensor({ ...descriptor, writable: isInput, readable: !isInput });
    if (isInput) context.writeTensor(tensor, drawn(descriptor));
    tensors.set(key, tensor);
  }
  return tensors.get(key);
}

function drawn(descriptor) {
  const bytes = new Uint8Array(byteLength(descriptor));
  if (descriptor.dataType === "float32") new Float32Array(bytes.buffer).forEach((_, i, values) => (values[i] = 2 * Math.random() - 1));
  // Signs, exponents from 2 ** -8 to 1 / 2, any fraction.
  if (descriptor.dataType === "float16") new Uint16Array(bytes.buffer).forEach((_, i, bits) => (bits[i] = random(2) << 15 | (7 + random(8)) << 10 | random(1024)));
  return bytes.buffer;
}

const random = (n) => Math.floor(Math.random() * n);

// What the pages of the comparison do: generate greedily behind a prompt, and say how long each part took.

export const PROMPT = 64;
export const CACHE = 512;
export const TOKENS = 64;
const VOCABULARY = 49152;
/** The tokens of a prompt. */
const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 7919 + 17) % VOCABULARY);

/** Bytes that reading from the device brought until now. */
let read = 0;
const original = globalThis.MLContext?.prototype.readTensor;
if (original) {
  MLContext.prototype.readTensor = async function (...given) {
    const made = await original.apply(this, given);
    read += made?.byteLength ?? 0;
    return made;
  };
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/**
 * Loads and generates twice, the second time with nothing to prepare. `load` gives { generate, destroy }; generate(prompt, count) gives
 * one token after the other.
 */
export async function measure(load) {
  const begin = performance.now();
  const model = await load();
  const loaded = performance.now() - begin;
  const firsts = [];
  const times = [];
  const ids = [];
  let bytes = 0;
  for (let i = 0; i < 3; i += 1) {
    let before = performance.now();
    const start = before;
    let count = 0;
    ids.length = 0;
    let readBefore = 0;
    for await (const id of model.generate(prompt, i ? TOKENS : 4)) {
      const now = performance.now();
      if (count) times.push(now - before);
      else {
        firsts.push(now - start);
        readBefore = read;
      }
      ids.push(id);
      before = now;
      count += 1;
    }
    bytes = (read - readBefore) / (count - 1);
  }
  return { load: loaded, first: Math.min(...firsts), once: firsts[0], token: median(times.slice(3)), best: Math.min(...times), bytes, ids, model };
}

/** A package's model. */
export const packaged = (options) => async () => {
  const { load } = await import(options.module);
  const model = await load({ contextOptions: { deviceType: "cpu" } });
  return {
    context: model.context,
    async *generate(tokens, maxTokens) {
      model.reset();
      for await (const { id } of model.generate(tokens, { maxTokens })) yield id;
    },
  };
};

const argMax = (logits) => {
  let best = 0;
  for (let i = 1; i < logits.length; i += 1) if (logits[i] > logits[best]) best = i;
  return best;
};
const ints = (ort, numbers) => new ort.Tensor("int64", BigInt64Array.from(numbers, BigInt), [1, numbers.length]);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** An ONNX file whose cache grows: one session for prompt and tokens. */
export const growing = ({ ort, file, provider, layers, groups, head }) => async () => {
  const session = await ort.InferenceSession.create(file, { executionProviders: [provider] });
  const names = range(0, layers).flatMap((layer) => [`${layer}.key`, `${layer}.value`]);
  return {
    async *generate(tokens, count) {
      let past = Object.fromEntries(names.map((name) => [name, new ort.Tensor("float32", new Float32Array(), [1, groups, 0, head])]));
      let length = 0;
      for (let given = tokens, i = 0; i < count; i += 1) {
        const total = length + given.length;
        const feeds = { input_ids: ints(ort, given), position_ids: ints(ort, range(length, total)), attention_mask: ints(ort, new Array(total).fill(1)) };
        for (const name of names) feeds[`past.${name}`] = past[name];
        const made = await session.run(feeds);
        past = Object.fromEntries(names.map((name) => [name, made[`present.${name}`]]));
        length = total;
        given = [argMax(made.logits.data)];
        yield given[0];
      }
    },
  };
};

/** An ONNX file whose cache is always full, of zeros that a mask hides: a session for the prompt, one for a token. */
export const fixed = ({ ort, file, provider, layers, groups, head, onDevice }) => async () => {
  const names = range(0, layers).flatMap((layer) => [`${layer}.key`, `${layer}.value`]);
  const places = CACHE - 1;
  // One context, so that what one session leaves on the device is what the other takes.
  const own = onDevice ? { ...provider, context: await navigator.ml.createContext({ deviceType: "cpu" }) } : provider;
  const session = (sequence) =>
    ort.InferenceSession.create(file, {
      executionProviders: [own],
      freeDimensionOverrides: { sequence, past: places, total: places + sequence },
      ...(onDevice && { preferredOutputLocation: Object.fromEntries(names.map((name) => [`present.${name}`, "ml-tensor"])) }),
    });
  const sessions = { [PROMPT]: await session(PROMPT), 1: await session(1) };
  return {
    async *generate(tokens, count) {
      const zeros = () => new ort.Tensor("float32", new Float32Array(groups * places * head), [1, groups, places, head]);
      let past = Object.fromEntries(names.map((name) => [name, zeros()]));
      let length = 0;
      for (let given = tokens, i = 0; i < count; i += 1) {
        const total = length + given.length;
        const mask = new Array(places + given.length).fill(0).fill(1, places - length);
        const feeds = { input_ids: ints(ort, given), position_ids: ints(ort, range(length, total)), attention_mask: ints(ort, mask) };
        for (const name of names) feeds[`past.${name}`] = past[name];
        const made = await sessions[given.length].run(feeds);
        for (const name of names) past[name].dispose?.();
        past = Object.fromEntries(names.map((name) => [name, made[`present.${name}`]]));
        length = total;
        given = [argMax(made.logits.data)];
        yield given[0];
      }
    },
  };
};

/** Milliseconds that products with weights of these shapes take for so many tokens, beside those of `beside`, in turns. */
export async function floor(context, matrices, tokens, beside, rounds) {
  const chain = async (shapes) => {
    const builder = new MLGraphBuilder(context);
    const descriptor = (shape) => ({ dataType: "float32", shape });
    let x = builder.input("x", descriptor([tokens, shapes[0][0]]));
    shapes.forEach(([rows, columns], i) => {
      const values = new Float32Array(rows * columns);
      for (let j = 0; j < values.length; j += 1) values[j] = ((Math.imul(j + i, 2654435761) >>> 8) / 2 ** 24 - 0.5) / 8;
      const isLast = i === shapes.length - 1;
      if (isLast && tokens > 1) x = builder.slice(x, [tokens - 1, 0], [1, rows]);
      x = builder.matmul(x, builder.constant(descriptor([rows, columns]), values));
      const [next] = shapes[i + 1] ?? [columns];
      // What is not read further is summed up, so that nothing is left out.
      if (next < columns) x = builder.add(builder.slice(x, [0, 0], [tokens, next]), builder.reduceMax(x, { axes: [1], keepDimensions: true }));
    });
    const graph = await builder.build({ y: builder.reduceMax(x, { axes: [1] }) });
    const usage = { readable: true, writable: true };
    const input = await context.createTensor({ ...descriptor([tokens, shapes[0][0]]), ...usage });
    const output = await context.createTensor({ ...descriptor([1]), ...usage });
    context.writeTensor(input, new Float32Array(tokens * shapes[0][0]).fill(0.01));
    return async () => {
      const before = performance.now();
      context.dispatch(graph, { x: input }, { y: output });
      await context.readTensor(output);
      return performance.now() - before;
    };
  };
  await (await chain(matrices.slice(0, 8)))(); // the first graph of a page is slower
  const run = await chain(matrices);
  for (let i = 0; i < 3; i += 1) await run();
  const times = { floor: [], beside: [] };
  for (let i = 0; i < rounds; i += 1) {
    for (let j = 0; j < 8; j += 1) times.floor.push(await run());
    times.beside.push(...(await beside()));
  }
  return { floor: median(times.floor), floorBest: Math.min(...times.floor), beside: median(times.beside), besideBest: Math.min(...times.beside) };
}

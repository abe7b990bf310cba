// What every page of the comparison does: makes inputs, computes once, then again and again, and says how long it took.

const VIEWS = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array,
                int8: Int8Array, uint8: Uint8Array, bool: Uint8Array, float16: globalThis.Float16Array };

/** An input's values in a view of this type: those given, or the noise of `benchmarks.page.models`. */
export function values({ shape, values }, type) {
  const size = shape.reduce((product, n) => product * n, 1), view = new VIEWS[type](size);
  const big = view instanceof BigInt64Array || view instanceof BigUint64Array;
  for (let i = 0; i < size; i++) view[i] = values ? (big ? BigInt(values[i]) : values[i]) : (Math.imul(i, 2654435761) >>> 0) / 2 ** 32;
  return view;
}

/** Numbers of an array, so that they can leave the page. */
function base64(array) {
  const bytes = new Uint8Array(Float32Array.from(array, Number).buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/**
 * Computes for at least `seconds`, 20 times and at most 200 times unless that takes `most` seconds.
 * `run` computes the outputs, an array of typed arrays.
 */
export async function measure(run, seconds, most) {
  const outputs = await run();
  const first = performance.now(), times = [];
  const lasts = () => performance.now() - first;
  while (lasts() < most * 1000 && times.length < 200 && (lasts() < seconds * 1000 || times.length < 20)) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  const fetched = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  return { first, times, fetched, outputs: outputs.map(base64) };
}

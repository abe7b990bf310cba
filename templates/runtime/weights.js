import { ModelError } from "./errors.js";
import { WEIGHTS, weightsDigest } from "./facts.js";
import { TYPES, byteLength, describe, sameShape, viewOf } from "./tensors.js";

const mismatch = (message) => new ModelError("weights-mismatch", message);
const damaged = (why) => mismatch(`the weights are not a safetensors file of this model: ${why}`);

/** The bytes of a weight that somebody has. */
function bytesOf(weights, expected) {
  const found = weights.get(expected.name);
  const isRight = found?.dataType === expected.dataType && sameShape(found.shape, expected.shape) && ArrayBuffer.isView(found.data);
  if (!isRight || found.data.byteLength !== byteLength(expected)) {
    const what = found ? `${describe(found)} of ${found.data?.byteLength} bytes` : "missing";
    throw mismatch(`weight ${expected.name} is ${what}, expected ${describe(expected)}`);
  }
  return found.data;
}

/** Throws unless the tensors that the graph reads are those that the module was written with: the exclusive or of their digests. */
function checkDigest(metadata) {
  if (!weightsDigest) return;
  let found = 0n;
  for (const { name } of WEIGHTS) {
    const digest = String(metadata?.[`digest:${name}`]);
    if (/^[0-9a-f]{32}$/.test(digest)) found ^= BigInt(`0x${digest}`);
  }
  if (found.toString(16).padStart(32, "0") !== weightsDigest) {
    throw mismatch(
      "the module and the weights are not of one conversion: publish the files of one conversion together, and see that no " +
        "cache or url gives older weights",
    );
  }
}

/** A header, and this model's tensors in the file, in their order there, each with where its bytes begin behind the header. */
function parseHeader(bytes) {
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged(`the header is not JSON (${error.message})`);
  }
  const here = WEIGHTS.filter(({ name }) => Object.hasOwn(header ?? {}, name)).map((expected) => {
    const { name, dataType, shape } = expected;
    const { dtype, shape: storedShape, data_offsets: offsets } = header[name];
    const packed = TYPES[dataType].bits === 4;
    if (dtype !== TYPES[dataType].stored || !sameShape(storedShape, packed ? [byteLength(expected)] : shape)) {
      throw damaged(`tensor ${name} is ${dtype} [${storedShape}], expected ${describe(expected)}`);
    }
    const [begin, end] = Array.isArray(offsets) ? offsets : [];
    if (!(begin >= 0 && end - begin === byteLength(expected))) throw damaged(`tensor ${name} has the offsets [${offsets}]`);
    return { name, dataType, shape, begin, end };
  });
  here.sort((a, b) => a.begin - b.begin);
  const inside = here.find(({ begin }, i) => i > 0 && begin < here[i - 1].end);
  if (inside) throw damaged(`tensor ${inside.name} begins inside of another`);
  return { metadata: header?.__metadata__, here };
}

/** Bytes that arrive in pieces, taken in lengths of the reader's choice. */
class Source {
  #pieces;
  #rest = new Uint8Array();

  constructor(pieces) {
    this.#pieces = pieces;
  }

  /** Gives the next bytes, so many, in parts to `use`. */
  async #next(count, use) {
    while (count > 0) {
      if (!this.#rest.byteLength) {
        const { done, value } = await this.#pieces.next();
        if (done) throw damaged(`it ends ${count} bytes too early`);
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, count);
      this.#rest = this.#rest.subarray(part.byteLength);
      count -= part.byteLength;
      use(part);
    }
  }

  skip(count) {
    return this.#next(count, () => {});
  }

  /** Lets the rest arrive, which what keeps it waits for. */
  async end() {
    while (!(await this.#pieces.next()).done);
  }

  /** A copy of the next bytes in a buffer of their own. */
  async take(count, onPart = (_) => {}) {
    const bytes = new Uint8Array(count);
    let end = 0;
    await this.#next(count, (part) => {
      bytes.set(part, end);
      end += part.byteLength;
      onPart(part.byteLength);
    });
    return bytes;
  }
}

/** Bytes of tensors that may be in memory at a time, but for one that is larger by itself. */
const IN_FLIGHT = 2 ** 24;

/**
 * Reads the safetensors files that arrive as `files`, several at a time, and gives `accept` each of this model's tensors as soon
 * as it is there. Its bytes are dropped when what `accept` returns has come to its end.
 */
async function streamWeights(files, accept, onBytes) {
  const missing = new Set(WEIGHTS.map(({ name }) => name));
  const metadata = {};
  let headers = 0;
  let inFlight = 0;
  let failed = false;
  const waiting = [];
  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };
  const read = async (pieces) => {
    const source = new Source(pieces);
    try {
      const size = Number(new DataView((await source.take(8)).buffer).getBigUint64(0, true));
      if (size > 1e8) throw damaged(`a header of ${size} bytes`);
      const header = parseHeader(await source.take(size));
      Object.assign(metadata, header.metadata);
      headers += 1;
      if (headers === files.length) checkDigest(metadata);
      let position = 0;
      for (const { begin, end, ...tensor } of header.here) {
        const size = end - begin;
        while (!failed && inFlight && inFlight + size > IN_FLIGHT) await new Promise((resolve) => waiting.push(resolve));
        if (failed) return;
        inFlight += size;
        await source.skip(begin - position);
        const bytes = await source.take(size, onBytes);
        position = end;
        await accept({ ...tensor, data: viewOf(tensor.dataType, bytes) });
        bytes.buffer.transfer?.(0); // at once, not when memory is short
        missing.delete(tensor.name);
        inFlight -= size;
        wake();
      }
      await source.end();
    } finally {
      await pieces.return?.();
    }
  };
  const queue = [...files];
  const work = async () => {
    try {
      while (queue.length && !failed) await read(queue.shift()());
    } catch (error) {
      failed = true; // the others end, too
      wake();
      throw error;
    }
  };
  await Promise.all([work(), work(), work()]);
  for (const name of missing) throw damaged(`tensor ${name} is missing`);
}

export { bytesOf, streamWeights };

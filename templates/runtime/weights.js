import { ModelError } from "./errors.js";
import { TYPES, WEIGHTS, weightsDigest } from "./facts.js";
import { byteLength, describe, viewOf } from "./tensors.js";

const mismatch = (message) => new ModelError("weights-mismatch", message);
const damaged = (why, what = "the weights are") => mismatch(`${what} not a safetensors file of this model: ${why}`);

/** The bytes of a weight that somebody has. */
function bytesOf(weights, expected) {
  const found = weights.get(expected.name);
  const data = found?.data;
  const kind = found ? `${describe(found)} of ${data?.byteLength} bytes` : "missing";
  if (ArrayBuffer.isView(data) && kind === `${describe(expected)} of ${byteLength(expected)} bytes`) return data;
  throw mismatch(`weight ${expected.name} is ${kind}, expected ${describe(expected)}`);
}

function parseHeader(bytes, damage) {
  try {
    return { ...JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch (error) {
    throw damage(`the header is not JSON (${error.message})`);
  }
}

/** Where a file has a tensor, behind the header that says this of it. */
function placeOf(tensor, found, damage) {
  const [, bits, type] = TYPES[tensor.dataType];
  const size = byteLength(tensor);
  const kind = `${found?.dtype} [${found?.shape}]`;
  const wrong = (why) => damage(`tensor ${tensor.name} ${why}`);
  if (kind !== `${type} [${bits === 4 ? size : tensor.shape}]`) throw wrong(`is ${kind}, expected ${describe(tensor)}`);
  const [begin, end] = [found.data_offsets].flat();
  if (!(begin >= 0 && end - begin === size)) throw wrong(`has the offsets [${found.data_offsets}]`);
  return { tensor, begin: +begin, size };
}

/**
 * Reads the safetensors files that arrive as `files` and gives `accept` each of this model's tensors as soon as it is there. Its
 * bytes are dropped when what `accept` returns has come to its end. `readAll` says in which order files are read.
 */
async function streamWeights(files, accept, onBytes = undefined, readAll = oneByOne) {
  const missing = new Set(WEIGHTS.map((tensor) => tensor.name));
  /** The exclusive or of the tensors' digests, and of what it should be. */
  let digest = BigInt(`0x0${weightsDigest}`);
  let headers = 0;
  await readAll(files, async (file, enter = undefined) => {
    const pieces = file();
    const which = files.length > 1 ? `file ${files.indexOf(file) + 1} of ${files.length} of the weights is` : undefined;
    const damage = (why) => damaged(why, which);
    let rest = new Uint8Array();
    /** The next bytes, so many, in a buffer of their own; without one they are skipped. */
    const take = async (count, bytes = new Uint8Array(count), onPart = undefined) => {
      for (let at = 0; at < count; ) {
        if (!rest.length) {
          const { done, value } = await pieces.next();
          if (done) throw damage(`it ends ${count - at} bytes too early`);
          rest = value;
        }
        const part = rest.subarray(0, count - at);
        rest = rest.subarray(part.length);
        bytes?.set(part, at);
        at += part.length;
        onPart?.(part.length);
      }
      return bytes;
    };
    try {
      const [length] = new BigUint64Array((await take(8)).buffer);
      if (length > 1e8) throw damage(`a header of ${length} bytes`);
      const header = parseHeader(await take(Number(length)), damage);
      const here = [];
      for (const tensor of WEIGHTS) {
        const { name } = tensor;
        const own = header.__metadata__?.[`digest:${name}`];
        if (/^[0-9a-f]{32}$/.test(own)) digest ^= BigInt(`0x${own}`);
        if (Object.hasOwn(header, name)) here.push(placeOf(tensor, header[name], damage));
      }
      headers += 1;
      // The module has the digest of those tensors that it was written with.
      if (headers === files.length && weightsDigest && digest) {
        throw mismatch(
          "the module and the weights are not of one conversion: publish the files of one conversion together, and see that no " +
            "cache or url gives older weights",
        );
      }
      let position = 0;
      for (const { tensor, begin, size } of here.sort((a, b) => a.begin - b.begin)) {
        if (begin < position) throw damage(`tensor ${tensor.name} begins inside of another`);
        const leave = await enter?.(size);
        await take(begin - position, null);
        const bytes = await take(size, undefined, onBytes);
        position = begin + size;
        await accept({ ...tensor, data: viewOf(tensor.dataType, bytes.buffer) });
        bytes.buffer.transfer?.(0); // at once, not when memory is short
        missing.delete(tensor.name);
        leave?.();
      }
      while (!(await pieces.next()).done); // the rest arrives, too, which what keeps it waits for
    } finally {
      await pieces.return?.();
    }
  });
  for (const name of missing) throw damaged(`tensor ${name} is missing`);
}

async function oneByOne(files, read) {
  for (const file of files) await read(file);
}

export { bytesOf, streamWeights };

import { ModelError } from "./errors.js";
import { WEIGHTS, weightsDigest } from "./facts.js";
import { TYPES, byteLength, describe, sameShape, viewOf } from "./tensors.js";

const mismatch = (message) => new ModelError("weights-mismatch", message);

function checkWeights(weights) {
  for (const expected of WEIGHTS) {
    const weight = weights.get(expected.name);
    if (!weight) throw mismatch(`weight ${expected.name} is missing`);
    if (weight.dataType !== expected.dataType || !sameShape(weight.shape, expected.shape)) {
      throw mismatch(`weight ${expected.name} is ${describe(weight)}, expected ${describe(expected)}`);
    }
    if (!ArrayBuffer.isView(weight.data)) throw mismatch(`weight ${expected.name}: data is not a typed array`);
    if (weight.data.byteLength !== byteLength(expected)) {
      throw mismatch(`weight ${expected.name} has ${weight.data.byteLength} bytes, expected ${byteLength(expected)}`);
    }
  }
}

/** Throws unless the tensors that build() reads are those that the module was written with: the exclusive or of their digests. */
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

/** Reads this model's weights from the bytes of its safetensors file: views on them, for build(). Throws for those of another conversion. */
export function readWeights(bytes) {
  const damaged = (why) => mismatch(`the weights are not a safetensors file of this model: ${why}`);
  if (bytes.byteLength < 8) throw damaged(`${bytes.byteLength} bytes`);
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (size > bytes.byteLength - 8) throw damaged(`a header of ${size} bytes in a file of ${bytes.byteLength}`);
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + size)));
  } catch (error) {
    throw damaged(`the header is not JSON (${error.message})`);
  }
  checkDigest(header?.__metadata__);
  const data = bytes.subarray(8 + size);
  const weights = new Map();
  for (const expected of WEIGHTS) {
    const { name, dataType, shape } = expected;
    if (!Object.hasOwn(header ?? {}, name)) throw damaged(`tensor ${name} is missing`);
    const { dtype, shape: storedShape, data_offsets: offsets } = header[name];
    const packed = TYPES[dataType].bits === 4;
    if (dtype !== TYPES[dataType].stored || !sameShape(storedShape, packed ? [byteLength(expected)] : shape)) {
      throw damaged(`tensor ${name} is ${dtype} [${storedShape}], expected ${describe(expected)}`);
    }
    const [begin, end] = Array.isArray(offsets) ? offsets : [];
    if (!(begin >= 0 && end <= data.byteLength && end - begin === byteLength(expected))) {
      throw damaged(`tensor ${name} has the offsets [${offsets}] in ${data.byteLength} bytes of data`);
    }
    weights.set(name, { dataType, shape, data: viewOf(dataType, data.subarray(begin, end)) });
  }
  return weights;
}

export { checkWeights };

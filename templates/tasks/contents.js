import { INPUTS } from "./facts.js";
import { isWrong, kindOf } from "./mistakes.js";
import { converted } from "./numbers.js";

/** Whether a byte is white space in ASCII: a tab, line feed, vertical tab, form feed, carriage return or space. */
const isSpace = (byte) => byte === 32 || (byte > 8 && byte < 14);

/**
 * The bytes of a block at the beginning and of one at the end of a source; a promise of them where it is a Blob, of which no more is read.
 *
 * @returns {any}
 */
function endsOf(source, block) {
  const kind = kindOf(source);
  if (["Blob", "File"].includes(kind)) {
    const parts = [source.slice(0, block), source.slice(Math.max(0, source.size - block))];
    return Promise.all(parts.map((part) => part.arrayBuffer())).then(
      (buffers) => buffers.map((buffer) => new Uint8Array(buffer)),
      (error) => {
        throw isWrong(`the ${kind} cannot be read`, error);
      },
    );
  }
  if (!ArrayBuffer.isView(source) && kind !== "ArrayBuffer") throw isWrong(`a file is one of Blob, File, ArrayBuffer, Uint8Array, not ${kind}`);
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  return [bytes.slice(0, block), bytes.slice(Math.max(0, bytes.length - block))];
}

/** The bytes as an input takes them. */
function fitted([first, last], { dataType, first: before, last: behind, stripped, pad, least }) {
  let [start, end] = [0, last.length];
  if (stripped) {
    while (isSpace(first[start])) start += 1;
    while (isSpace(last[end - 1])) end -= 1;
  }
  const count = first.length - start;
  if (count < least) throw isWrong(`the file has ${count} bytes${stripped && first.length ? " without white space" : ""}; the model takes ${least} or more`);
  const values = new Float32Array(before + behind).fill(pad);
  values.set(first.subarray(start, start + before));
  const there = last.subarray(Math.max(0, end - behind), end);
  values.set(there, values.length - there.length);
  return converted(values, dataType);
}

/** The input that a file becomes; a promise where it must be read. */
function inputsOf(source) {
  const [input] = INPUTS;
  const made = (ends) => ({ inputs: { [input.name]: fitted(ends, input) } });
  const ends = endsOf(source, input.block);
  return ends.then ? ends.then(made) : made(ends);
}

export { inputsOf };

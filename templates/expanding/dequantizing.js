import { DEQUANTIZED, EXPANDED } from "./facts.js";
import { Constants } from "../runtime/constants.js";
import { TYPES } from "../runtime/facts.js";
import { product } from "../runtime/tensors.js";

/** A tensor of 4-bit elements in bytes, which every implementation takes; others as they are. */
function inBytes(tensor) {
  const { dataType, shape, data } = tensor;
  if (TYPES[dataType][1] !== 4) return tensor;
  const isSigned = dataType === "int4";
  const bytes = new (isSigned ? Int8Array : Uint8Array)(2 * data.length);
  const unused = isSigned ? 28 : 0; // bits that a shift to and fro fills with the sign
  for (let i = 0; i < data.length; i += 1) {
    bytes[2 * i] = ((data[i] & 15) << unused) >> unused;
    bytes[2 * i + 1] = ((data[i] >> 4) << unused) >> unused;
  }
  return { ...tensor, dataType: isSigned ? "int8" : "uint8", data: bytes.subarray(0, product(shape)) };
}

/** Writes (number - zero point) * scale from `begin` to `end`, all with one scale. */
function alike(numbers, scale, zeroPoint, results, begin, end) {
  for (let i = begin; i < end; i += 1) results[i] = (numbers[i] - zeroPoint) * scale;
}

/** The same for so many numbers from `begin` on, each with a scale of its own: those from `at` on. */
function eachOwn(numbers, scale, zeroPoint, results, begin, at, count) {
  for (let i = 0; i < count; i += 1) results[begin + i] = (numbers[begin + i] - zeroPoint[at + i]) * scale[at + i];
}

/**
 * Writes into `results` what dequantizeLinear makes of integers of at most 8 bits, bit by bit, since the product is exact before it
 * is rounded. `axes` says of each axis how long it is, and in how many blocks it has scales.
 */
function dequantize(numbers, scale, zeroPoint, axes, results) {
  let next = 0;
  const walk = (axis, before) => {
    const [size, blocks] = axes[axis];
    const at = before * blocks;
    const length = size / blocks;
    if (axis < axes.length - 1) {
      for (let i = 0; i < size; i += 1) walk(axis + 1, at + Math.floor(i / length));
    } else if (length === 1) {
      eachOwn(numbers, scale, zeroPoint, results, next, at, blocks);
      next += size;
    } else {
      for (let i = at; i < at + blocks; i += 1, next += length) alike(numbers, scale[i], zeroPoint[i], results, next, next + length);
    }
  };
  walk(0, 0);
}

/** Constants of which some stand in the file as integers with scales: they become numbers as soon as all of it is there. */
class DequantizedConstants extends Constants {
  /** By name of what has arrived and is needed still, and by name of what reads it. */
  #there = new Map();
  #readers = new Map();
  /** Room for a result, taken again for each: WebNN copies it at once, and new memory costs as much as the numbers in it. */
  #room = new Float32Array();

  /** `isElsewhere(name)` says what somebody else makes. */
  constructor(context, onBytes = (_) => {}, isElsewhere = (_) => false) {
    super(context);
    this.onBytes = onBytes;
    this.dequantized = DEQUANTIZED.filter(([name]) => !isElsewhere(name));
    for (const entry of this.dequantized) {
      for (const operand of entry.slice(1, 4)) {
        if (typeof operand !== "string") this.#there.set(operand, operand);
        this.#readers.set(operand, (this.#readers.get(operand) ?? new Set()).add(entry));
      }
    }
  }

  async add(tensor) {
    const { name } = tensor;
    const added = [];
    if (!EXPANDED.has(name)) added.push(super.add(tensor));
    const readers = this.#readers.get(name);
    if (readers) {
      const numbers = inBytes(tensor);
      this.#there.set(name, numbers);
      for (const entry of readers) if (entry.slice(1, 4).every((operand) => this.#there.has(operand))) added.push(this.#make(entry));
      if (readers.size) this.#there.set(name, { ...numbers, data: numbers.data.slice() });
      if (numbers !== tensor) numbers.data.buffer.transfer?.(0); // at once, not when memory is short
    }
    await Promise.all(added);
  }

  /** Makes what reads no weights. */
  async finish() {
    const left = this.dequantized.filter((entry) => this.#readers.get(entry[1]).has(entry));
    await Promise.all(left.map((entry) => this.#make(entry)));
  }

  async build() {
    await this.finish();
    return super.build();
  }

  #make(entry) {
    const [name, ...operands] = entry;
    const axes = operands.pop();
    const [numbers, scale, zeroPoint] = operands.map((operand) => this.#there.get(operand));
    const size = numbers.data.length;
    if (this.#room.length < size) this.#room = new Float32Array(size);
    const data = this.#room.subarray(0, size);
    dequantize(numbers.data, scale.data, zeroPoint.data, axes, data);
    for (const operand of operands) {
      this.#readers.get(operand).delete(entry);
      if (!this.#readers.get(operand).size) this.#there.delete(operand);
    }
    this.onBytes(data.byteLength);
    return this.add({ name, dataType: "float32", shape: numbers.shape, data });
  }
}

export { DequantizedConstants, inBytes };

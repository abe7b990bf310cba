/** Typed array, bytes of it and safetensors name by data type; 4-bit elements stand packed in bytes, low nibble first. */
const Float16 = globalThis.Float16Array ?? Uint16Array;
const TYPES = {
  float32: { view: Float32Array, bits: 32, stored: "F32" },
  float16: { view: Float16, bits: 16, stored: "F16" },
  int32: { view: Int32Array, bits: 32, stored: "I32" },
  uint32: { view: Uint32Array, bits: 32, stored: "U32" },
  int64: { view: BigInt64Array, bits: 64, stored: "I64" },
  uint64: { view: BigUint64Array, bits: 64, stored: "U64" },
  int8: { view: Int8Array, bits: 8, stored: "I8" },
  uint8: { view: Uint8Array, bits: 8, stored: "U8" },
  int4: { view: Uint8Array, bits: 4, stored: "U8" },
  uint4: { view: Uint8Array, bits: 4, stored: "U8" },
};

const byteLength = ({ dataType, shape }) => Math.ceil((shape.reduce((a, b) => a * b, 1) * TYPES[dataType].bits) / 8);
const describe = ({ dataType, shape }) => `${dataType}[${[...(shape ?? [])].join(", ")}]`;
const sameShape = (a, b) => Array.isArray(a) && a.length === b.length && a.every((n, i) => n === b[i]);

/** The bytes as the data type's typed array, without a copy; as bytes where the alignment allows no such view. */
function viewOf(dataType, bytes) {
  const { view } = TYPES[dataType];
  if (bytes.byteOffset % view.BYTES_PER_ELEMENT !== 0) return bytes;
  return new view(bytes.buffer, bytes.byteOffset, bytes.byteLength / view.BYTES_PER_ELEMENT);
}

export { TYPES, byteLength, describe, sameShape, viewOf };

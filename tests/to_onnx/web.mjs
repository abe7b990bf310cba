// Computes ONNX models in ONNX Runtime Web: one for each line of stdin, { model, feeds, results }; answers with { values } or { error }.
import { createInterface } from "node:readline";

const { InferenceSession, Tensor } = await import(process.argv[2]);
const decoded = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const Views = {
  float32: Float32Array, float16: globalThis.Float16Array ?? Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array,
  uint64: BigUint64Array, int8: Int8Array, uint8: Uint8Array, int4: Uint8Array, uint4: Uint8Array,
};

async function computed({ model, feeds, results }) {
  const session = await InferenceSession.create(decoded(model), { executionProviders: ["wasm"], logSeverityLevel: 4 });
  try {
    const given = feeds.map(([name, type, shape, data]) => [name, new Tensor(type, new Views[type](decoded(data).buffer), shape)]);
    const outputs = await session.run(Object.fromEntries(given));
    return results.map((name) => {
      const { buffer, byteOffset, byteLength } = outputs[name].data;
      return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    });
  } finally {
    await session.release();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await computed(JSON.parse(line)).then((values) => ({ values }), ({ message }) => ({ error: message }));
  console.log(JSON.stringify(answer));
}

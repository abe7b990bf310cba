// node example.mjs                   computes with onnxruntime-node
// node example.mjs onnxruntime-web   with another package: an ONNX Runtime, or a WebNN for Node.js
import { load } from "./scores.js";

const library = await import(process.argv[2] ?? "onnxruntime-node");
if (library.MLGraphBuilder) globalThis.MLGraphBuilder = library.MLGraphBuilder;
const model = await load(library.ml ? { ml: library.ml } : { ort: library });

const { scores } = await model.compute({ numbers: Float32Array.of(1, -2, 3, 0.5) });
console.log(model.backend, Array.from(scores));
model.destroy();

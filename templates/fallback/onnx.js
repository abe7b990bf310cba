import { ModelError } from "../runtime/errors.js";
import { TYPES, WEIGHTS, inputs, outputs, weightsDigest } from "../runtime/facts.js";
import { addressesOf, pieces, request } from "../runtime/loading.js";
import { WEIGHT_FILES, onnxUrl } from "./facts.js";

/** Builds the graph on a context of the fallback; `stream` reads files of weights to their ends, and throws where they are not this model's. */
async function buildOnnx(context, files, stream) {
  const [url] = addressesOf("", [onnxUrl()]);
  const model = pieces(await request(url, { signal: undefined }));
  return context.onnx({ ModelError, TYPES, WEIGHTS, WEIGHT_FILES, inputs, outputs, weightsDigest, url, model, files, stream });
}

export { buildOnnx };

import * as encoder from "./encoder.js";
import * as classifier from "./classifier.js";

/** The graph of a module, built on a context. */
async function built(module, context, file) {
  const response = await fetch(`${file}?v=${module.weightsDigest}`);
  if (!response.ok) throw new Error(`${file}: HTTP status ${response.status}`);
  return module.build(context, module.readWeights(new Uint8Array(await response.arrayBuffer())));
}

const tensor = (context, { dataType, shape }, usage = {}) => context.createTensor({ dataType, shape, ...usage });

/** Both models as one function: pixels to logits. */
export async function load() {
  const context = await navigator.ml.createContext();
  const [encode, classify] = await Promise.all([
    built(encoder, context, "encoder.safetensors"),
    built(classifier, context, "classifier.safetensors"),
  ]);
  const image = await tensor(context, encoder.inputs[0], { writable: true });
  const features = await tensor(context, encoder.outputs[0]); // neither written nor read: it never leaves the device
  const logits = await tensor(context, classifier.outputs[0], { readable: true });

  return async (pixels) => {
    context.writeTensor(image, pixels);
    context.dispatch(encode, { image }, { features });
    context.dispatch(classify, { features }, { logits });
    return new Float32Array(await context.readTensor(logits));
  };
}

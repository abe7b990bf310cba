import * as encoder from "./encoder.js";
import * as classifier from "./classifier.js";

/** Both models as one function: pixels to logits. */
export async function load() {
  const encode = await encoder.load();
  const { context } = encode; // of WebNN, or of what takes its place
  const classify = await classifier.load({ context });
  const features = await encode.tensor("features"); // neither written nor read: it never leaves the device
  const logits = await classify.tensor("logits");

  return async (image) => {
    await encode.run({ image }, { features });
    await classify.run({ features }, { logits });
    return new Float32Array(await context.readTensor(logits));
  };
}

import { IMAGE, ModelError } from "./facts.js";
import { prepared } from "./preparing.js";
import { pixelsOf } from "./sources.js";

/** What a promise gives, unless a signal is aborted before: then it is an error at once. */
function unlessAborted(signal, promise) {
  if (!signal) return promise;
  let stop;
  const aborted = new Promise((_, reject) => {
    stop = () => reject(new ModelError("aborted", `aborted: ${signal.reason?.message ?? signal.reason}`, signal.reason));
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  return Promise.race([aborted, promise]).finally(() => signal.removeEventListener("abort", stop));
}

/** What a model gives for a picture, { results, fit }. */
async function askedAbout(model, source, { signal } = /** @type {any} */ ({})) {
  const picture = await unlessAborted(signal, signal?.aborted || pixelsOf(source));
  const { values, fit } = prepared(picture, IMAGE);
  return { results: await unlessAborted(signal, model.compute({ [IMAGE.name]: values })), fit };
}

export { askedAbout };

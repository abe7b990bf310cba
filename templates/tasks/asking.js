import { IMAGE, ModelError } from "./facts.js";
import { prepared } from "./preparing.js";
import { pixelsOf } from "./sources.js";

/** What a promise gives, unless a signal is aborted before: then it is an error at once. */
function unlessAborted(signal, promise) {
  if (!signal) return promise;
  let stop;
  const aborted = new Promise((_, reject) => {
    stop = () => reject(abortedBy(signal));
    signal.addEventListener("abort", stop);
  });
  return Promise.race([aborted, promise]).finally(() => signal.removeEventListener("abort", stop));
}

const abortedBy = ({ reason }) => new ModelError("aborted", `aborted: ${reason?.message ?? reason}`, reason);

/** What a model gives for a picture, { results, fit }; a picture that need not be decoded is read at once. */
async function askedAbout(model, source, { signal } = /** @type {any} */ ({})) {
  if (signal?.aborted) throw abortedBy(signal);
  const read = pixelsOf(source);
  const picture = read.then ? await unlessAborted(signal, read) : read;
  const { values, fit } = prepared(picture, IMAGE);
  return { results: await unlessAborted(signal, model.compute({ [IMAGE.name]: values })), fit };
}

export { askedAbout };

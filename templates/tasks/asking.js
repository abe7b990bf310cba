import { ModelError } from "./facts.js";

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

/** What a model gives for what is read, { results, place }; what need not be waited for is read at once. What is long has its own results. */
async function asked(model, read, signal) {
  if (signal?.aborted) throw abortedBy(signal);
  const given = read();
  const { inputs, results, place } = given.then ? await unlessAborted(signal, given) : given;
  const compute = (feeds) => {
    if (signal?.aborted) throw abortedBy(signal);
    return unlessAborted(signal, model.compute(feeds));
  };
  return { results: await (results ? results(compute) : compute(inputs)), place };
}

export { asked };

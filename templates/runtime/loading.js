import { ModelError } from "./errors.js";

const failed = (url, error) => new ModelError("download", `${url}: ${error.message}`, error);

/** What a server answers, from a byte on where it can. */
async function request(url, { signal, from = 0, cache = undefined }) {
  const response = await fetch(url, { signal, cache, headers: from ? { Range: `bytes=${from}-` } : {} }).catch((error) => {
    throw failed(url, error);
  });
  if (!response.ok) throw new ModelError("download", `${url}: HTTP status ${response.status}`);
  return response;
}

/** The bytes of a response, piece by piece. */
async function* pieces(response) {
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw failed(response.url, error);
  } finally {
    reader.cancel().catch(() => {});
  }
}

export { pieces, request };

import { ModelError } from "./errors.js";
import { weightsDigest } from "./facts.js";

const failed = (url, error) => new ModelError("download", `${url}: ${error.message}`, error);

/** Where the weights are: where the caller says, or those addresses, of their own for each conversion. */
function addressesOf(said, urls) {
  if (said) return [said].flat();
  for (const url of urls) if (weightsDigest && url.protocol.startsWith("http")) url.searchParams.set("v", weightsDigest);
  return urls;
}

/** What a server answers, from a byte on where it can. */
async function request(url, { signal, from = 0, cache = undefined }) {
  const response = await fetch(url, { signal, cache, headers: from ? { Range: `bytes=${from}-` } : {} })
    .catch(async (error) => {
      const fs = url.protocol === "file:" && globalThis.process?.getBuiltinModule("fs/promises");
      if (!fs) throw error;
      return new Response((await fs.open(url)).createReadStream()); // Node.js does not fetch files
    })
    .catch((error) => {
      throw failed(url, error);
    });
  if (!response.ok) throw new ModelError("download", `${url}: HTTP status ${response.status}`);
  return response;
}

/** What reads a body into memory that it is given, where the browser can. */
function readerOf(body) {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
}

/** The bytes of a response, piece by piece, of which each may stand where the one before was. */
async function* pieces(response, url = response.url) {
  const reader = readerOf(response.body);
  let room = new Uint8Array(2 ** 18);
  try {
    for (;;) {
      const { done, value } = await reader.read(room);
      if (done) return;
      yield value;
      room = new Uint8Array(value.buffer);
    }
  } catch (error) {
    throw failed(url, error);
  } finally {
    reader.cancel().catch(() => {});
  }
}

export { addressesOf, pieces, request };

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
  const response = await fetch(url, { signal, cache, headers: from ? { Range: `bytes=${from}-` } : {} }).catch((error) => {
    throw failed(url, error);
  });
  if (!response.ok) throw new ModelError("download", `${url}: HTTP status ${response.status}`);
  return response;
}

/** The bytes of a response, piece by piece. */
async function* pieces(response) {
  try {
    yield* response.body;
  } catch (error) {
    throw failed(response.url, error);
  }
}

export { addressesOf, pieces, request };

import { ModelError } from "./errors.js";
import { weightsDigest } from "./facts.js";
import { pieces, request } from "./loading.js";

/** Bytes that are kept together; what a download that stopped has fetched of the next is lost. */
const PART = 2 ** 22;

/**
 * The bytes at an address, piece by piece: what Cache Storage has of them under the weights' digest, then the rest, which it
 * keeps as well. Parts of other digests go when the first part is fetched.
 */
async function* cached(url, signal) {
  const store = await caches.open("webnn-weights");
  const address = new URL(url, location.href);
  const key = (part) => {
    const at = new URL(address);
    at.searchParams.set("v", weightsDigest);
    at.searchParams.set("part", part);
    return at;
  };
  let part = 0;
  let from = 0;
  let version = null;
  for (let kept; (kept = await store.match(key(part))); part += 1) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    yield bytes;
    if (kept.headers.has("Last-Part")) return;
    from += bytes.byteLength;
    version = kept.headers.get("ETag");
  }
  navigator.storage?.persist?.();
  const forget = async (isOld) => {
    for (const { url: one } of await store.keys()) if (new URL(one).pathname === address.pathname && isOld(one)) await store.delete(one);
  };
  if (!part) await forget((one) => !one.includes(weightsDigest));
  const response = await request(address, { signal, from, cache: "no-store" });
  const etag = response.headers.get("ETag");
  if (from && version !== etag) {
    await forget(() => true);
    throw new ModelError("download", `${address} has changed since a part of it was kept; load again`);
  }
  let behind = response.status === 206 ? 0 : from; // bytes that are there already, from a server without ranges
  const buffer = new Uint8Array(PART);
  let filled = 0;
  const keep = async (last) => {
    const headers = { ...(etag && { ETag: etag }), ...(last && { "Last-Part": "1" }) };
    // A full disk makes no model fail that is being loaded.
    await store.put(key(part), new Response(buffer.slice(0, filled), { headers })).catch(() => {});
    part += 1;
    filled = 0;
  };
  for await (let piece of pieces(response)) {
    const known = Math.min(behind, piece.byteLength);
    behind -= known;
    piece = piece.subarray(known);
    yield piece;
    while (piece.byteLength) {
      const next = piece.subarray(0, PART - filled);
      buffer.set(next, filled);
      filled += next.byteLength;
      piece = piece.subarray(next.byteLength);
      if (filled === PART) await keep(false);
    }
  }
  await keep(true);
}

/** The bytes of a file of weights, piece by piece; with `cache` those that are kept. */
async function* read(url, { signal, cache }) {
  if (cache && weightsDigest && globalThis.caches) yield* cached(url, signal);
  else yield* pieces(await request(url, { signal }));
}

export { read };

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
  const key = new URL(url, location.href);
  key.searchParams.set("v", weightsDigest);
  /** @type {any} */
  let part = 0;
  const next = () => {
    key.searchParams.set("part", part);
    return key;
  };
  const forget = async (digest = "") => {
    for (const { url: old } of await store.keys()) {
      if (new URL(old).pathname === key.pathname && !(digest && old.includes(digest))) await store.delete(old);
    }
  };
  let behind = 0;
  let version = null;
  for (let kept; (kept = await store.match(next())); part += 1) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    yield bytes;
    if (bytes.length < PART) return; // the last
    behind += bytes.length;
    version = kept.headers.get("ETag");
  }
  navigator.storage?.persist?.();
  if (!part) await forget(weightsDigest);
  const response = await request(url, { signal, from: behind, cache: "no-store" });
  const etag = `${response.headers.get("ETag")}`;
  if (part && version !== etag) {
    await forget();
    throw new ModelError("download", `${url} has changed since a part of it was kept; load again`);
  }
  if (response.status === 206) behind = 0; // else the server has no ranges, and sends again what is there
  const buffer = new Uint8Array(PART);
  let filled = 0;
  const keep = async () => {
    // A full disk makes no model fail that is being loaded.
    await store.put(next(), new Response(buffer.slice(0, filled), { headers: { ETag: etag } })).catch(() => {});
    part += 1;
    filled = 0;
  };
  for await (const piece of pieces(response)) {
    let at = Math.min(behind, piece.length);
    behind -= at;
    yield piece.subarray(at);
    while (at < piece.length) {
      const more = piece.subarray(at, at + PART - filled);
      buffer.set(more, filled);
      filled += more.length;
      at += more.length;
      if (filled === PART) await keep();
    }
  }
  await keep();
}

/** The bytes of a file of weights, piece by piece; with `cache` those that are kept. */
async function* read(url, { signal, cache }) {
  if (cache && weightsDigest && globalThis.caches) yield* cached(url, signal);
  else yield* pieces(await request(url, { signal }));
}

export { read };

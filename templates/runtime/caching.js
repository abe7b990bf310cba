import { ModelError } from "./errors.js";
import { weightsDigest } from "./facts.js";
import { pieces, request } from "./loading.js";

/** Bytes that are kept together; what a download that stopped has fetched of the next is lost. */
const PART = 2 ** 22;

/** What keeps weights; null where the browser lets nothing be kept. */
const opened = async () => (await globalThis.caches?.open("webnn-weights").catch(() => null)) ?? null;

/** Drops what is kept of an address, but for the parts of a digest. */
async function forget(store, address, digest = "") {
  for (const { url } of await store.keys()) {
    if (new URL(url).pathname === address.pathname && !(digest && url.includes(digest))) await store.delete(url);
  }
}

/**
 * The bytes at an address, piece by piece: what Cache Storage has of them under the weights' digest, then the rest, which it
 * keeps as well. Parts of other digests go when the first part is fetched.
 */
async function* cached(store, url, signal) {
  const key = new URL(url, location.href);
  key.searchParams.set("v", weightsDigest);
  /** @type {any} */
  let part = 0;
  const next = () => {
    key.searchParams.set("part", part);
    return key;
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
  if (!part) await forget(store, key, weightsDigest);
  const response = await request(url, { signal, from: behind, cache: "no-store" });
  const etag = `${response.headers.get("ETag")}`;
  if (part && version !== etag) {
    await forget(store, key);
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
  const store = cache && weightsDigest && (await opened());
  if (store) yield* cached(store, url, signal);
  else yield* pieces(await request(url, { signal }), url);
}

/** What is built of the files at some addresses; where they are not what they should be, none of them is kept for the next time. */
async function unlessWrong(urls, { cache }, building) {
  try {
    return await building;
  } catch (error) {
    const store = cache && error.code === "weights-mismatch" && (await opened());
    if (store) for (const url of urls) await forget(store, new URL(url, location.href));
    throw error;
  }
}

export { read, unlessWrong };

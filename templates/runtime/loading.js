import { ModelError } from "./errors.js";

async function download(url, { signal, onProgress }) {
  const failed = (error) => {
    throw new ModelError("download", `${url}: ${error.message}`, error);
  };
  const response = await fetch(url, { signal }).catch(failed);
  if (!response.ok) throw new ModelError("download", `${url}: HTTP status ${response.status}`);
  // With a content encoding, Content-Length counts the encoded bytes.
  const total = response.headers.get("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length") ?? 0);
  let bytes = new Uint8Array(total || 1 << 20);
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(failed);
    if (done) break;
    if (loaded + value.byteLength > bytes.byteLength) {
      const larger = new Uint8Array(Math.max(2 * bytes.byteLength, loaded + value.byteLength));
      larger.set(bytes.subarray(0, loaded));
      bytes = larger;
    }
    bytes.set(value, loaded);
    loaded += value.byteLength;
    onProgress?.({ loaded, total });
  }
  return bytes.subarray(0, loaded);
}

export { download };

async function download(url, { signal, onProgress }) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
  // With a content encoding, Content-Length counts the encoded bytes.
  const total = response.headers.get("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length") ?? 0);
  let bytes = new Uint8Array(total || 1 << 20);
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
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

async function createContext(options) {
  const ml = globalThis.navigator?.ml;
  if (!ml) {
    throw new Error(
      "WebNN is not available: navigator.ml is missing. Use a browser that has WebNN, switch it on " +
        "(Chromium: chrome://flags/#web-machine-learning-neural-network), and serve the page from https or localhost.",
    );
  }
  return ml.createContext(options);
}

export { createContext, download };

/** What a server answers, from a byte on where it can. */
async function request(url, { signal, from = 0, ...init }) {
  const response = await fetch(url, { ...init, signal, headers: from ? { Range: `bytes=${from}-` } : {} });
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
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
  } finally {
    reader.cancel();
  }
}

/** The bytes at an address, piece by piece. */
async function* fetched(url, options) {
  yield* pieces(await request(url, options));
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

export { createContext, fetched, pieces, request };

// An ONNX Runtime Web that records what it is asked and gives its first input back: enough to test what the fallback does around it.

const log = [];
const state = { providers: ["wasm"], failures: 0, busy: false, alive: 0, log };

/** Does something that nothing else may be done beside. */
async function alone(what, step) {
  if (state.busy) throw new Error(`${what} while another was done`);
  state.busy = true;
  await new Promise((resolve) => setTimeout(resolve, 2));
  state.busy = false;
  log.push(what);
  return step();
}

class Tensor {
  constructor(type, data, dims) {
    const size = dims.reduce((a, b) => a * b, 1);
    if (data.length !== (type.endsWith("t4") ? Math.ceil(size / 2) : size)) throw new Error(`${data.length} elements for ${dims}`);
    Object.assign(this, { type, data, dims });
  }

  async getData() {
    if (!this.data) throw new Error("the tensor is disposed");
    return this.data;
  }

  dispose() {
    if (this.isResult && this.data) state.alive -= 1;
    this.data = undefined;
  }
}

class Session {
  async run(feeds) {
    return alone("run", () => {
      state.feeds = Object.fromEntries(Object.entries(feeds).map(([name, { type, dims, data }]) => [name, [type, dims, [...data].map(Number)]]));
      if (state.failures) {
        state.failures -= 1;
        throw new Error("out of memory");
      }
      const { type, data, dims } = Object.values(feeds)[0];
      if (!data?.length) throw new Error("an input has no memory");
      state.alive += 1;
      const y = Object.assign(new Tensor(type, data.slice(), dims), { isResult: true });
      if (env.wasm?.proxy) for (const { data } of Object.values(feeds)) data.buffer.transfer?.() ?? structuredClone(data, { transfer: [data.buffer] });
      return { y };
    });
  }

  async release() {
    return alone("release", () => {});
  }
}

export const InferenceSession = {
  async create(bytes, options) {
    const [{ name: provider }] = options.executionProviders;
    if (!state.providers.includes(provider)) {
      log.push(`no ${provider}`);
      throw new Error(`no available backend found. ERR: [${provider}] backend not found.`);
    }
    return alone(provider, () => {
      state.options = options;
      state.bytes = bytes.length;
      return new Session();
    });
  },
};
export const env = { webgpu: { device: Promise.resolve({ lost: new Promise((resolve) => { state.loseGpu = resolve; }) }) } };
export { Tensor, state };

// A WebNN that records calls and computes y = relu(x) alone: enough to test what the generated module does around it.

globalThis.MLGraphBuilder = class {
  constructor(context) {
    const record = (name) => (...args) => {
      // Constants are copied at once: what they are made of is used again.
      context.calls.push([name, ...args.map((value) => (name === "constant" && ArrayBuffer.isView(value) ? value.slice() : value))]);
      return name === "split" || name === "lstm" || name === "gru" ? [{}, {}, {}] : { name };
    };
    return new Proxy({}, { get: (_, name) => (name === "build" ? async () => ({ destroy() {} }) : record(name)) });
  }
};

/** Limits of a context that takes everything. */
const limits = new Proxy({}, {
  get: (_, name) => (name === "maxTensorByteLength" ? 2 ** 31 : { dataTypes: { includes: () => true } }),
});

export function context() {
  let running = 0;
  let lose;
  const recorder = {
    calls: [],
    tensors: 0,
    alive: 0,
    most: 0,
    fail: false,
    destroyed: false,
    bound: null,
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
    opSupportLimits: () => limits,
    async createTensor(descriptor) {
      recorder.tensors += 1;
      recorder.alive += 1;
      const tensor = { ...descriptor, value: new Float32Array(descriptor.shape.reduce((a, b) => a * b, 1)) };
      tensor.destroy = () => {
        recorder.alive -= 1;
      };
      return tensor;
    },
    writeTensor(tensor, data) {
      tensor.value = data.slice();
    },
    dispatch(graph, inputs, outputs) {
      if (recorder.fail) throw new Error("dispatch failed");
      running += 1;
      recorder.most = Math.max(recorder.most, running);
      recorder.bound = inputs;
      const [first] = Object.values(inputs);
      for (const output of Object.values(outputs)) if (first) output.value = first.value.slice();
    },
    async readTensor(tensor) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      running = Math.max(0, running - 1);
      return tensor.value.buffer;
    },
    destroy() {
      recorder.destroyed = true;
      lose({ message: "destroy() was called" });
    },
  };
  return recorder;
}

// A WebNN that records calls and computes y = relu(x) alone: enough to test what the generated module does around it.

globalThis.MLGraphBuilder = class {
  constructor(context) {
    const record = (name) => (...args) => {
      // Constants are copied at once: what they are made of is used again.
      context.calls.push([name, ...args.map((value) => (name === "constant" && ArrayBuffer.isView(value) ? value.slice() : value))]);
      return ["split", "lstm", "lstmCell", "gru"].includes(name) ? [{}, {}, {}] : { name };
    };
    return new Proxy({}, { get: (_, name) => (name === "build" ? async () => ({ destroy() {} }) : record(name)) });
  }
};

/** Limits of a context that takes everything. */
const limits = new Proxy({}, {
  get: (_, name) => (name === "maxTensorByteLength" ? 2 ** 31 : { dataTypes: { includes: () => true } }),
});

/** A page whose browser makes the contexts that `create(options)` gives, or has no WebNN. */
export function browser(create) {
  const ml = create && { createContext: async (options) => create(options) };
  Object.defineProperty(globalThis, "navigator", { value: { ml }, configurable: true });
}

export function context(members) {
  let lose;
  const recorder = {
    calls: [],
    tensors: 0,
    reads: 0,
    alive: 0,
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
      for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) {
        if (tensor?.dataType === undefined) throw new TypeError("Failed to convert value to 'MLTensor'.");
      }
      if (recorder.fail) throw new Error("dispatch failed");
      recorder.bound = inputs;
      const [first] = Object.values(inputs);
      for (const output of Object.values(outputs)) if (first) output.value = first.value.slice();
    },
    async readTensor(tensor) {
      recorder.reads += 1;
      const { buffer } = tensor.value; // what stands there when the read is queued
      await new Promise((resolve) => setTimeout(resolve, 2));
      return buffer;
    },
    destroy() {
      recorder.destroyed = true;
      lose({ message: "destroy() was called" });
    },
  };
  return Object.assign(recorder, members);
}

// A WebNN for Node.js with two operators, for the example: operands are functions that give their values once inputs have some.

const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b, 1);

export class MLGraphBuilder {
  input(name, { shape }) {
    return Object.assign((values) => values[name].data, { shape });
  }

  constant({ shape }, data) {
    const copied = data.slice();
    return Object.assign(() => copied, { shape });
  }

  /** a b' + c of a row a. */
  gemm(a, b, { c, bTranspose }) {
    if (!bTranspose) throw new TypeError("the other form of gemm is not there");
    const row = (matrix, i) => matrix.subarray(i * a.shape[1], (i + 1) * a.shape[1]);
    return (values) => c(values).map((plus, i) => row(b(values), i).reduce((sum, weight, k) => sum + weight * a(values)[k], plus));
  }

  relu(x) {
    return (values) => x(values).map((value) => Math.max(value, 0));
  }

  async build(outputs) {
    return { outputs, destroy() {} };
  }
}

class MLContext {
  opSupportLimits() {
    return new Proxy({}, { get: () => ({ dataTypes: ["float32"] }) });
  }

  async createTensor(descriptor) {
    return { ...descriptor, data: new Float32Array(sizeOf(descriptor)), destroy() {} };
  }

  writeTensor(tensor, data) {
    tensor.data = data.slice();
  }

  async readTensor(tensor) {
    return tensor.data.slice().buffer;
  }

  dispatch(graph, inputs, outputs) {
    for (const [name, tensor] of Object.entries(outputs)) tensor.data = graph.outputs[name](inputs);
  }

  destroy() {}
}

export const ml = { createContext: async () => new MLContext() };

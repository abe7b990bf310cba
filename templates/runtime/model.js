import { BOUND, build, inputs, outputs } from "./facts.js";
import { TYPES, byteLength, describe, viewOf } from "./tensors.js";

/** A built graph with the tensors it computes in. */
export class Model {
  #context;
  #graph;
  #tensors = [];
  #bound;
  #results;
  #ownsContext;
  /** @type {Promise<any>} */
  #turn = Promise.resolve();
  #waiting = 0;
  #destroyed = false;

  /** Builds the graph on a context with weights as build() takes them, and allocates its tensors. */
  static async create(context, weights, options) {
    return Model.of(context, await build(context, weights), options);
  }

  /** A model of a graph that is built. */
  static async of(context, graph, { ownsContext = false } = {}) {
    const model = new Model();
    model.#context = context;
    model.#graph = graph;
    const allocate = async ({ name, dataType, shape }, usage) => {
      const tensor = await context.createTensor({ dataType, shape, ...usage });
      model.#tensors.push(tensor);
      return [name, tensor];
    };
    try {
      const bound = inputs.filter(({ name }) => BOUND.has(name));
      model.#bound = await Promise.all(bound.map((input) => allocate(input, { writable: true })));
      model.#results = await Promise.all(outputs.map((output) => allocate(output, { readable: true })));
    } catch (error) {
      model.destroy();
      throw error;
    }
    model.#ownsContext = ownsContext;
    return model;
  }

  /**
   * Computes the outputs, { name: typed array }, from { name: typed array }. Calls take turns in the order they were made;
   * the arrays may be changed once compute() has returned its promise.
   */
  async compute(values) {
    const given = checkInputs(values);
    // Waiting for its turn, a call must not see what its caller writes into the arrays meanwhile.
    const fixed = this.#waiting ? new Map([...given].map(([name, data]) => [name, data.slice()])) : given;
    const run = this.#waiting ? this.#turn.then(() => this.#run(fixed)) : this.#run(fixed);
    this.#waiting += 1;
    this.#turn = run.catch(() => {}).finally(() => {
      this.#waiting -= 1;
    });
    return run;
  }

  async #run(values) {
    if (this.#destroyed) throw new Error("the model is destroyed");
    for (const [name, tensor] of this.#bound) this.#context.writeTensor(tensor, values.get(name));
    this.#context.dispatch(this.#graph, Object.fromEntries(this.#bound), Object.fromEntries(this.#results));
    const buffers = await Promise.all(this.#results.map(([, tensor]) => this.#context.readTensor(tensor)));
    return Object.fromEntries(outputs.map(({ name, dataType }, i) => [name, viewOf(dataType, new Uint8Array(buffers[i]))]));
  }

  /** Frees the graph and its tensors, and the context when load() created it. Calls that still wait reject. */
  destroy() {
    if (this.#destroyed) return;
    this.#destroyed = true;
    for (const tensor of this.#tensors) tensor.destroy();
    this.#graph?.destroy?.();
    if (this.#ownsContext) this.#context.destroy?.();
  }
}

/** The given arrays by input name. */
function checkInputs(values) {
  if (values === null || typeof values !== "object") throw new TypeError("compute() takes an object: { name: typed array }");
  const known = new Set(inputs.map(({ name }) => name));
  for (const name of Object.keys(values)) {
    if (!known.has(name)) throw new TypeError(`the model has no input ${name}; it has ${[...known].join(", ") || "none"}`);
  }
  return new Map(
    inputs.map((input) => {
      const { name, dataType, shape } = input;
      if (!Object.hasOwn(values, name)) throw new TypeError(`input ${name} (${describe(input)}) is missing`);
      const data = values[name];
      const kinds = dataType === "float16" ? ["Float16Array", "Uint16Array"] : [TYPES[dataType].view.name];
      const kind = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : typeof data;
      if (!kinds.includes(kind)) throw new TypeError(`input ${name} (${describe(input)}) must be a ${kinds.join(" or ")}, not ${kind}`);
      if (data.byteLength !== byteLength(input)) {
        const expected = byteLength(input) / TYPES[dataType].view.BYTES_PER_ELEMENT;
        throw new TypeError(`input ${name} has ${data.length} elements, ${describe(input)} has ${expected}`);
      }
      return [name, data];
    }),
  );
}

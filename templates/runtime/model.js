import { ModelError, badInput } from "./errors.js";
import { BOUND, build, inputs, outputs } from "./facts.js";
import { TYPES, byteLength, describe, viewOf } from "./tensors.js";

/** A built graph with the tensors it computes in. */
export class Model {
  /** @type {any} */
  context;
  /** @type {string | undefined} */
  device;
  #graph;
  #ownsContext;
  #tensors = [];
  #bound;
  #results;
  /** @type {Promise<any>} */
  #turn = Promise.resolve();
  #waiting = 0;
  #ended;
  #tellLost;

  /** Resolves to the error that all calls reject with from then on: the context is lost, or the model destroyed. */
  lost = new Promise((resolve) => {
    this.#tellLost = resolve;
  });

  /** Builds the graph on a context with weights as build() takes them, and allocates its tensors. */
  static async create(context, weights, options) {
    return Model.of(context, await build(context, weights), options);
  }

  /** A model of what build() made on a context, which takes over the graph. */
  static async of(context, graph, { ownsContext = false, device = undefined } = {}) {
    const model = new Model();
    model.context = context;
    model.device = device;
    model.#graph = graph;
    model.#ownsContext = ownsContext;
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
    context.lost?.then(({ message }) => model.#end(new ModelError("lost", `the context is lost: ${message}`)));
    return model;
  }

  /** A tensor for an input or output, to write, read and compute with; it is the caller's, to destroy. */
  async tensor(name) {
    const found = [...inputs, ...outputs].find((tensor) => tensor.name === name);
    if (!found) throw badInput(`the model has no input or output ${name}`);
    const { dataType, shape } = found;
    return this.#coded(() => this.context.createTensor({ dataType, shape, readable: true, writable: true }));
  }

  /**
   * Computes the outputs, { name: typed array }, from { name: typed array }. Calls take turns in the order they were made;
   * the arrays may be changed once compute() has returned its promise.
   */
  async compute(values) {
    const given = named("input", inputs, values);
    for (const input of inputs) checkArray(input, given[input.name]);
    // Waiting for its turn, a call must not see what its caller writes into the arrays meanwhile.
    if (this.#waiting) for (const name of Object.keys(given)) given[name] = given[name].slice();
    const call = this.#waiting ? this.#turn.then(() => this.#computed(given)) : this.#computed(given);
    this.#waiting += 1;
    this.#turn = call.catch(() => {}).finally(() => {
      this.#waiting -= 1;
    });
    return call;
  }

  async #computed(given) {
    return this.#coded(async () => {
      this.#dispatch(given, {});
      const buffers = await Promise.all(this.#results.map(([, tensor]) => this.context.readTensor(tensor)));
      if (this.#ended) throw this.#ended;
      return Object.fromEntries(outputs.map(({ name, dataType }, i) => [name, viewOf(dataType, new Uint8Array(buffers[i]))]));
    });
  }

  /**
   * Computes from { name: typed array or MLTensor } into { name: MLTensor }, which it gives back; outputs that are not there are
   * dropped. Nothing is read: calls are put in the context's queue at once, in the order they were made.
   */
  async run(values, results) {
    const given = named("input", inputs, values);
    for (const input of inputs) if (!isTensor(given[input.name])) checkArray(input, given[input.name]);
    const wanted = named("output", outputs, results);
    return this.#coded(async () => {
      this.#dispatch(given, wanted);
      return results;
    });
  }

  #dispatch(given, wanted) {
    if (this.#ended) throw this.#ended;
    const feeds = this.#bound.map(([name, tensor]) => {
      if (isTensor(given[name])) return [name, given[name]];
      this.context.writeTensor(tensor, given[name]);
      return [name, tensor];
    });
    this.context.dispatch(this.#graph, Object.fromEntries(feeds), { ...Object.fromEntries(this.#results), ...wanted });
  }

  async #coded(call) {
    try {
      return await call();
    } catch (error) {
      await null; // lost says so in a callback of its own
      if (this.#ended) throw this.#ended;
      throw new ModelError(error instanceof TypeError ? "bad-input" : "failed", error.message, error);
    }
  }

  /** Frees the graph and its tensors, and the context when load() created it. Calls that are not done reject. */
  destroy() {
    this.#end(new ModelError("destroyed", "the model is destroyed"));
  }

  #end(error) {
    if (this.#ended) return;
    this.#ended = error;
    for (const tensor of this.#tensors) tensor.destroy();
    this.#graph.destroy();
    if (this.#ownsContext) this.context.destroy();
    this.#tellLost(error);
  }
}

const isTensor = (value) => value?.dataType !== undefined;

/** The values by name, of which none is unknown. */
function named(kind, tensors, values) {
  if (values === null || typeof values !== "object") throw badInput(`the ${kind}s are given as an object, by name`);
  const known = tensors.map(({ name }) => name);
  for (const name of Object.keys(values)) {
    if (!known.includes(name)) throw badInput(`the model has no ${kind} ${name}; it has ${known.join(", ") || "none"}`);
  }
  return Object.assign(Object.create(null), values);
}

function checkArray(input, data) {
  const { name, dataType } = input;
  const refuse = (what) => {
    throw badInput(`input ${name} ${what}`);
  };
  if (data === undefined) refuse(`(${describe(input)}) is missing`);
  const kinds = dataType === "float16" ? ["Float16Array", "Uint16Array"] : [TYPES[dataType].view.name];
  const kind = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : typeof data;
  if (!kinds.includes(kind)) refuse(`(${describe(input)}) must be a ${kinds.join(" or ")}, not ${kind}`);
  if (data.byteLength !== byteLength(input)) {
    const expected = byteLength(input) / TYPES[dataType].view.BYTES_PER_ELEMENT;
    refuse(`has ${data.length} elements, ${describe(input)} has ${expected}`);
  }
}

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
  /** Of the inputs that are bound and of the outputs, by name. */
  #tensors = new Map();
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
    const allocate = async ({ name, dataType, shape }, usage) => {
      model.#tensors.set(name, await context.createTensor({ dataType, shape, ...usage }));
    };
    const made = [
      ...inputs.filter(({ name }) => BOUND.has(name)).map((input) => allocate(input, { writable: true })),
      ...outputs.map((output) => allocate(output, { readable: true })),
    ];
    await Promise.all(made).catch(async (error) => {
      await Promise.allSettled(made);
      model.destroy();
      throw error;
    });
    model.#ownsContext = ownsContext;
    context.lost?.then(({ message }) => model.#end(new ModelError("lost", `the context is lost: ${message}`)));
    return model;
  }

  /** A tensor for an input or output, to write, read and compute with; it is the caller's, to destroy. */
  async tensor(name) {
    const { dataType, shape } = known("input or output", [...inputs, ...outputs], name);
    return this.#coded(() => this.context.createTensor({ dataType, shape, readable: true, writable: true }));
  }

  /**
   * Computes the outputs, { name: typed array }, from { name: typed array }. Calls are computed in the order they are made; the arrays
   * may be changed once compute() has returned its promise.
   */
  async compute(values) {
    const given = named("input", inputs, values);
    for (const input of inputs) checkArray(input, given[input.name]);
    return this.#coded(async () => {
      this.#dispatch(given, Object.create(null));
      const buffers = await Promise.all(outputs.map(({ name }) => this.context.readTensor(this.#tensors.get(name))));
      return Object.fromEntries(outputs.map(({ name, dataType }, i) => [name, viewOf(dataType, new Uint8Array(buffers[i]))]));
    });
  }

  /**
   * Computes from { name: typed array or MLTensor } into { name: MLTensor }, which it gives back; outputs that are not there are
   * dropped. Nothing is read: calls are put in the context's queue at once, in the order they are made.
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
    const feeds = [...BOUND].map((name) => {
      if (isTensor(given[name])) return [name, given[name]];
      this.context.writeTensor(this.#tensors.get(name), given[name]);
      return [name, this.#tensors.get(name)];
    });
    const results = outputs.map(({ name }) => [name, wanted[name] ?? this.#tensors.get(name)]);
    this.context.dispatch(this.#graph, Object.fromEntries(feeds), Object.fromEntries(results));
  }

  async #coded(call) {
    try {
      if (this.#ended) throw this.#ended;
      const result = await call();
      if (this.#ended) throw this.#ended;
      return result;
    } catch (error) {
      await null; // that the context is lost is said in a callback of its own
      throw this.#ended ?? new ModelError(error instanceof TypeError ? "bad-input" : "failed", error.message, error);
    }
  }

  /** Frees the graph and its tensors, and the context when load() created it. Calls that are not done reject. */
  destroy() {
    this.#end(new ModelError("destroyed", "the model is destroyed"));
  }

  #end(error) {
    if (this.#ended) return;
    this.#ended = error;
    for (const tensor of this.#tensors.values()) tensor.destroy();
    this.#graph.destroy();
    if (this.#ownsContext) this.context.destroy();
    this.#tellLost(error);
  }
}

const isTensor = (value) => value?.dataType !== undefined;

/** The input or output of a name. */
function known(kind, tensors, name) {
  const found = tensors.find((tensor) => tensor.name === name);
  if (!found) throw badInput(`the model has no ${kind} ${name}; it has ${tensors.map((tensor) => tensor.name).join(", ") || "none"}`);
  return found;
}

/** The values by name; each is of an input or output that the model has. */
function named(kind, tensors, values) {
  if (values === null || typeof values !== "object") throw badInput(`the ${kind}s are given as an object, by name`);
  for (const name of Object.keys(values)) known(kind, tensors, name);
  return Object.assign(Object.create(null), values);
}

function checkArray(input, data) {
  const { name, dataType } = input;
  const { view } = TYPES[dataType];
  const kinds = dataType === "float16" ? ["Float16Array", "Uint16Array"] : [view.name];
  const kind = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : typeof data;
  if (kinds.includes(kind) && data.byteLength === byteLength(input)) return;
  const expected = `${kinds.join(" or ")} of ${byteLength(input) / view.BYTES_PER_ELEMENT} elements`;
  throw badInput(`input ${name}, ${describe(input)}, must be a ${expected}, not ${kind}${data?.length >= 0 ? ` of ${data.length}` : ""}`);
}

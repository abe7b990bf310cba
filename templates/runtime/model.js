import { ModelError, badInput, known, lostContext, named } from "./errors.js";
import { BOUND, TYPES, build, inputs, outputs } from "./facts.js";
import { byteLength, describe, product, viewOf } from "./tensors.js";

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
    const allocate = (tensors, usage) =>
      tensors.map(async (tensor) => model.#tensors.set(tensor.name, await context.createTensor({ ...tensor, ...usage })));
    const made = [...allocate(BOUND, { writable: true }), ...allocate(outputs, { readable: true })];
    for (const { reason } of /** @type {any[]} */ (await Promise.allSettled(made))) {
      if (!reason) continue;
      model.destroy();
      throw reason;
    }
    model.#ownsContext = ownsContext;
    context.lost?.then((why) => model.#end(lostContext(why)));
    return model;
  }

  /** A tensor for an input or output, to write, read and compute with; it is the caller's, to destroy. */
  async tensor(name) {
    const tensor = known("input or output", [...inputs, ...outputs], name);
    return this.#coded(() => this.context.createTensor({ ...tensor, readable: true, writable: true }));
  }

  /**
   * Computes the outputs, { name: typed array }, from { name: typed array }. Calls are computed in the order they are made; the arrays
   * may be changed once compute() has returned its promise.
   */
  async compute(values) {
    return this.#computed(values, {}, false, async () => {
      const buffers = await Promise.all(outputs.map((output) => this.context.readTensor(this.#own(output))));
      return byName(outputs, (output, i) => viewOf(output.dataType, buffers[i]));
    });
  }

  /**
   * Computes from { name: typed array or MLTensor } into { name: MLTensor }, which it gives back; outputs that are not there are
   * dropped. Nothing is read: calls are put in the context's queue at once, in the order they are made.
   */
  async run(values, results) {
    return this.#computed(values, results, true, () => results);
  }

  /** Dispatches from arrays, and tensors where they are allowed, into tensors; what `read` gives then. */
  async #computed(values, results, takesTensors, read) {
    const given = named("input", inputs, values);
    const isTensor = (value) => takesTensors && value?.dataType;
    for (const input of inputs) if (!isTensor(given[input.name])) checkArray(input, given[input.name]);
    const wanted = named("output", outputs, results);
    return this.#coded(() => {
      const feeds = byName(BOUND, (input) => {
        const value = given[input.name];
        if (isTensor(value)) return value;
        this.context.writeTensor(this.#own(input), value);
        return this.#own(input);
      });
      this.context.dispatch(this.#graph, feeds, byName(outputs, (output) => wanted[output.name] ?? this.#own(output)));
      return read();
    });
  }

  #own(tensor) {
    return this.#tensors.get(tensor.name);
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

const byName = (tensors, valueOf) => Object.fromEntries(tensors.map((tensor, i) => [tensor.name, valueOf(tensor, i)]));

function checkArray(input, data) {
  const [view, , , kinds = [view.name]] = TYPES[input.dataType];
  const kind = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : typeof data;
  const size = byteLength(input);
  if (kinds.includes(kind) && data.byteLength === size) return;
  const expected = `${kinds.join(" or ")} of ${size / view.BYTES_PER_ELEMENT} elements`;
  throw badInput(`input ${input.name}, ${describe(input)}, must be a ${expected}, not ${kind}${data?.length >= 0 ? ` of ${data.length}` : ""}`);
}

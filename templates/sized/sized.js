import { MASKS, MODULES, TYPES, inputs, outputs, padding, sizes } from "./facts.js";
import { ModelError, badInput, lostContext, unsupported } from "../runtime/errors.js";
import { product } from "../runtime/tensors.js";

const spelled = (at) => Object.entries(at).map(([dim, size]) => `${dim} ${size}`).join(", ");
const dims = Object.keys(sizes[0]);
/** @type {(extent: any) => any} */
const formulaOf = (extent) => (typeof extent === "string" ? { dim: extent, times: 1, plus: 0, per: 1 } : extent);

/** How long an axis is at these sizes, or at those of the list that have this index. */
function lengthOf(extent, at, index) {
  if (typeof extent === "number") return extent;
  if (Array.isArray(extent)) return extent[index];
  const { dim, times, plus, per } = formulaOf(extent);
  return Math.floor((times * at[dim] + plus) / per);
}

const shapeAt = ({ shape }, at, index) => shape.map((extent) => lengthOf(extent, at, index));
const itself = (at) => sizes.findIndex((size) => dims.every((dim) => size[dim] === at[dim]));

/** The shapes of the outputs for inputs of these sizes, by name. */
export function outputShapes(at) {
  return Object.fromEntries(outputs.map((output) => [output.name, shapeAt(output, at, itself(at))]));
}

/** A copy of a tensor in another shape: cut, or filled up with zeros at the end of each axis. */
function resized(data, from, to) {
  const result = new data.constructor(product(to));
  const strides = (shape) => shape.map((_, axis) => product(shape.slice(axis + 1)));
  const [read, write] = [strides(from), strides(to)];
  // From this axis on a run of elements is contiguous in both.
  const last = from.findLastIndex((size, axis) => size !== to[axis]);
  const both = from.map((size, axis) => Math.min(size, to[axis]));
  const copy = (axis, source, target) => {
    if (axis >= last) {
      result.set(data.subarray(source, source + product(both.slice(Math.max(axis, 0)))), target);
      return;
    }
    for (let i = 0; i < both[axis]; i += 1) copy(axis + 1, source + i * read[axis], target + i * write[axis]);
  };
  copy(0, 0, 0);
  return result;
}

/** The sizes of the given arrays: those that the caller says, the others from the number of elements. */
function sizesOf(values, said) {
  const at = Object.create(null);
  for (const [dim, size] of Object.entries(said)) {
    if (!dims.includes(dim)) throw badInput(`the model has no dimension ${dim}; it has ${dims.join(", ")}`);
    at[dim] = size;
  }
  // One that is found may be what another input needs to have one unknown only.
  for (const _ of dims) {
    for (const { name, shape } of inputs) {
      const open = shape.filter((extent) => typeof extent !== "number" && !(formulaOf(extent).dim in at));
      if (open.length !== 1 || !values.has(name)) continue;
      const rest = product(shape.filter((extent) => extent !== open[0]).map((extent) => lengthOf(extent, at)));
      const { dim, times, plus, per } = formulaOf(open[0]);
      at[dim] = ((values.get(name).length / rest) * per - plus) / times;
    }
  }
  const unknown = dims.filter((dim) => !(dim in at));
  if (unknown.length) {
    const wanted = unknown.map((dim) => `${JSON.stringify(dim)}: ...`).join(", ");
    throw badInput(`the arrays do not say ${unknown.join(" and ")}: compute(inputs, { sizes: { ${wanted} } })`);
  }
  return at;
}

/** The index of the only size that the arrays have. */
function exactly(values, said) {
  const there = sizes.map((_, index) => index);
  const fitting = there.filter(
    (index) =>
      Object.entries(said).every(([dim, size]) => sizes[index][dim] === size) &&
      inputs.every((input) => !values.has(input.name) || values.get(input.name).length === elements(input, sizes[index], index)),
  );
  if (fitting.length === 1) return fitting[0];
  const known = sizes.map(spelled).join("; ");
  if (fitting.length) throw badInput(`the arrays do not say which size they have: compute(inputs, { sizes }), one of ${known}`);
  throw badInput(`the model takes inputs of these sizes only: ${known}`);
}

/** The index of the smallest size that fits. */
function fitting(at) {
  if (!dims.every((dim) => Number.isInteger(at[dim]) && at[dim] > 0)) throw badInput(`the inputs cannot have ${spelled(at)}`);
  const index = sizes.findIndex((size) => dims.every((dim) => at[dim] <= size[dim]));
  if (index < 0) throw badInput(`the model does not take ${spelled(at)}; its sizes are ${sizes.map(spelled).join("; ")}`);
  return index;
}

function elements(input, at, index) {
  const count = product(shapeAt(input, at, index));
  return TYPES[input.dataType][1] === 4 ? Math.ceil(count / 2) : count;
}

/** The arrays that compute() is given, by name. */
function checked(values) {
  if (values === null || typeof values !== "object") throw badInput("the inputs are given as an object, by name");
  const known = inputs.map(({ name }) => name);
  for (const name of Object.keys(values)) {
    if (!known.includes(name)) throw badInput(`the model has no input ${name}; it has ${known.join(", ")}`);
    if (!ArrayBuffer.isView(values[name]) || values[name] instanceof DataView) throw badInput(`input ${name} must be a typed array`);
  }
  return new Map(Object.entries(values));
}

/** A model in several sizes; the graph of each is built when it is first needed. */
export class Model {
  /** @type {any} */
  context;
  /** @type {string | undefined} */
  device;
  #weights;
  #ownsContext;
  #building = new Map();
  #built = [];
  #ended;
  #tellLost;

  /** Resolves to the error that all calls reject with from then on: the context is lost, or the model destroyed. */
  lost = new Promise((resolve) => {
    this.#tellLost = resolve;
  });

  /** A model on a context, with what gives the bytes of each file of its weights, piece by piece; `ahead` builds all of its graphs now. */
  static async create(context, weights, { ownsContext = false, device = undefined, ahead = false } = {}) {
    const model = new Model();
    model.context = context;
    model.device = device;
    model.#weights = weights;
    context.lost?.then((why) => model.#end(lostContext(why)));
    try {
      if (ahead) for (const index of sizes.keys()) await model.#at(index);
    } catch (error) {
      model.destroy();
      throw error;
    }
    model.#ownsContext = ownsContext;
    return model;
  }

  /**
   * Computes the outputs, { name: typed array }, from { name: typed array }, in the smallest graph that takes the inputs;
   * what was filled up is cut off. `sizes` says of arrays with two dimensions that vary how long each is; the arrays may be
   * changed once compute() has returned its promise.
   */
  async compute(values, { sizes: said = {} } = {}) {
    const given = checked(values);
    const isExact = padding === "exact";
    const at = isExact ? sizes[exactly(given, said)] : sizesOf(given, said);
    const index = isExact ? sizes.indexOf(at) : fitting(at);
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, filled(input, given.get(input.name), at, index)]));
    const results = await (await this.#at(index)).compute(feeds).catch(asOurs);
    for (const output of outputs) {
      const [whole, wanted] = [shapeAt(output, sizes[index], index), shapeAt(output, at, index)];
      if (whole.some((size, axis) => size !== wanted[axis])) results[output.name] = resized(results[output.name], whole, wanted);
    }
    return results;
  }

  /** Computes on the device from inputs of exactly one of the sizes, typed arrays or MLTensors, into MLTensors that it gives back. */
  async run(values, results) {
    const fits = (input, index) => {
      const [value, shape] = [values?.[input.name], shapeAt(input, sizes[index], index)];
      return value?.dataType ? String(value.shape) === String(shape) : value?.length === elements(input, sizes[index], index);
    };
    const index = sizes.findIndex((_, i) => inputs.every((input) => fits(input, i)));
    if (index < 0) throw badInput(`run() takes inputs of these sizes only: ${sizes.map(spelled).join("; ")}`);
    return (await this.#at(index)).run(values, results).catch(asOurs);
  }

  /** A tensor for an input or output of one of the sizes, to write, read and compute with; it is the caller's, to destroy. */
  async tensor(name, at = {}) {
    if (itself(at) < 0) throw badInput(`the model has no size ${spelled(at)}; its sizes are ${sizes.map(spelled).join("; ")}`);
    return (await this.#at(itself(at))).tensor(name).catch(asOurs);
  }

  /** The model of a size. */
  async #at(index) {
    if (!this.#building.has(index)) this.#building.set(index, this.#build(index));
    const model = await this.#building.get(index);
    if (this.#ended) throw this.#ended;
    return model;
  }

  async #build(index) {
    try {
      if (this.#ended) throw this.#ended;
      const module = await MODULES[index]();
      const graph = this.#weights ? await module.buildFrom(this.context, this.#weights) : await module.build(this.context, new Map());
      const model = await module.Model.of(this.context, graph);
      this.#built.push(model);
      if (this.#ended) model.destroy();
      // The file is not needed once each graph has its own copy.
      if (this.#built.length === sizes.length) this.#weights = undefined;
      return model;
    } catch (error) {
      this.#building.delete(index);
      if (this.#ended) throw this.#ended;
      const code = typeof error.code === "string" ? error.code : "unsupported";
      throw new ModelError(code, `the graph for ${spelled(sizes[index])}: ${error.message}`, error);
    }
  }

  /** Frees the graphs and their tensors, and the context when load() created it. Calls that are not done reject. */
  destroy() {
    this.#end(new ModelError("destroyed", "the model is destroyed"));
  }

  #end(error) {
    if (this.#ended) return;
    this.#ended = error;
    for (const model of this.#built) model.destroy();
    this.#weights = undefined;
    if (this.#ownsContext) this.context.destroy();
    this.#tellLost(error);
  }
}

/** Throws an error of the module of a size as one of this module. */
function asOurs({ code, message, cause }) {
  throw new ModelError(code, message, cause);
}

/** Throws if the context does not take the graph of the first size; the others have the same calls. */
async function checkSupport(context) {
  const { isSupported } = await MODULES[0]();
  if (!(await isSupported({ context }))) throw unsupported("the context does not take the model");
}

/** A copy of what is given for an input, as long as the graph of a size takes it. */
function filled(input, data, at, index) {
  const { name, dataType } = input;
  if (data === undefined && padding === "masked" && MASKS.has(name)) {
    const [view, bits] = TYPES[dataType];
    data = new view(elements(input, at, index)).fill(bits === 64 ? 1n : 1);
  }
  if (data === undefined) throw badInput(`input ${name} is missing`);
  if (data.length !== elements(input, at, index)) {
    throw badInput(`input ${name} has ${data.length} elements, with ${spelled(at)} it has ${elements(input, at, index)}`);
  }
  return itself(at) === index ? data.slice() : resized(data, shapeAt(input, at), shapeAt(input, sizes[index], index));
}

export { checkSupport };

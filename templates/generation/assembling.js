import { PARTS, readAll, weightsUrls } from "./facts.js";
import { Chain } from "./chaining.js";
import { read, unlessWrong } from "../runtime/caching.js";
import { ModelError } from "../runtime/errors.js";
import { WEIGHTS } from "../runtime/facts.js";
import { addressesOf, pieces } from "../runtime/loading.js";
import { byteLength, viewOf } from "../runtime/tensors.js";
import { streamWeights } from "../runtime/weights.js";

/** An error of a module of a graph, as one of this module. */
const asOurs = (error) => (error.name === "ModelError" && !(error instanceof ModelError) ? new ModelError(error.code, error.message, error.cause) : error);

/**
 * Tensors of the weights that some graphs read as inputs, by name. Where a CPU computes, a constant is there twice, as it came and as it
 * is arranged for a product; other devices may want all weights to be constants.
 */
async function heldOn(context, buildings) {
  const held = new Map();
  if (context.onnx || context.accelerated) return held;
  for (const { name, dataType, shape } of buildings.flatMap((building) => building.held)) {
    if (!held.has(name)) held.set(name, await context.createTensor({ dataType, shape, readable: true, writable: true }));
  }
  return held;
}

/** What a weight of a graph is, by name: that of the file, or made of some of these. */
const originsOf = ({ weights, dequantized }) =>
  new Map([...weights.map(({ name }) => [name, name]), ...dequantized.map(([name, ...how]) => [name, JSON.stringify(how)])]);

/** What makes a graph of weights as they arrive, of which those of `tensors` are there for several. */
function makerOf(building, buildings, context, onBytes, tensors) {
  const own = new Set(building.held.map(({ name }) => name));
  const brought = own.size ? [] : buildings.filter(({ held }) => held.length).map(originsOf);
  /** What another graph brings as tensors, the same under the same names. */
  const elsewhere = new Set(
    [...originsOf(building)]
      .filter(([name, origin]) => tensors.has(name) && brought.some((origins) => origins.get(name) === origin))
      .map(([name]) => name),
  );
  const maker = building.constants(context, onBytes, (name) => elsewhere.has(name));
  const constant = maker.operand.bind(maker);
  /** Bytes of what it makes of the weights. */
  maker.computed = [...tensors].filter(([name]) => elsewhere.has(name) && !building.weights.some((weight) => weight.name === name)).reduce((sum, [, { dataType, shape }]) => sum - byteLength({ dataType, shape }), building.computed);
  if (!elsewhere.size) {
    maker.operand = (tensor) => {
      const { name, dataType, shape, data } = tensor;
      if (!own.has(name) || !tensors.has(name)) return constant(tensor);
      context.writeTensor(tensors.get(name), data);
      return maker.builder.input(name, { dataType, shape });
    };
    return maker;
  }
  // Of what others bring it is built once that is there, a part at a time.
  const weights = new Map();
  const held = new Map([...tensors].filter(([name]) => elsewhere.has(name)));
  for (const [name, tensor] of held) {
    const { dataType, shape } = tensor;
    const load = async () => ({ dataType, shape: [...shape], data: viewOf(dataType, await context.readTensor(tensor)) });
    weights.set(name, { bytes: byteLength({ dataType, shape }), load });
  }
  maker.operand = (tensor) => {
    if (held.has(tensor.name)) return;
    const kept = { ...tensor, data: tensor.data.slice() };
    weights.set(tensor.name, { bytes: kept.data.byteLength, load: () => kept });
  };
  const finish = maker.finish?.bind(maker);
  maker.build = async () => {
    await finish?.();
    return Chain.of(context, building.graph, weights, held);
  };
  return maker;
}

/**
 * Builds all graphs on a context, by name, with weights that are read once, and not kept: each graph copies what it needs as it arrives.
 * Gives them, and the tensors that hold weights, by name.
 */
async function assembled(context, options) {
  const urls = addressesOf(options.url, weightsUrls());
  const files = urls.map((url) => () => read(url, options));
  const buildings = Object.values(PARTS).map(({ building }) => building);
  let total = WEIGHTS.reduce((sum, tensor) => sum + byteLength(tensor), 0);
  let loaded = 0;
  const onBytes = (count) => options.onProgress?.({ loaded: (loaded += count), total });
  const graphs = {};
  const held = await heldOn(context, buildings);
  try {
    if (context.onnx) {
      // ONNX Runtime wants whole files, each session its own: they are fetched once, and browsers keep blobs on the disk when they are large.
      const kept = files.map(() => []);
      const keeping = files.map(
        (file, i) =>
          async function* () {
            for await (const piece of file()) {
              kept[i].push(new Blob([piece]));
              yield piece;
            }
          },
      );
      await unlessWrong(urls, options, streamWeights(keeping, async () => {}, onBytes, readAll));
      const again = kept.map((parts) => () => pieces(new Response(new Blob(parts))));
      for (const [name, module] of Object.entries(PARTS)) {
        graphs[name] = await (module.buildFrom ? module.buildFrom(context, again) : module.build(context));
      }
    } else {
      const readers = buildings.map((building) => [
        new Set(building.weights.map(({ name }) => name)),
        makerOf(building, buildings, context, onBytes, held),
      ]);
      total += readers.reduce((sum, [, { computed }]) => sum + computed, 0);
      const accept = (tensor) => Promise.all(readers.map(([names, made]) => names.has(tensor.name) && made.add(tensor)));
      await unlessWrong(urls, options, streamWeights(files, accept, onBytes, readAll));
      for (const [i, name] of Object.keys(PARTS).entries()) graphs[name] = await readers[i][1].build();
    }
    return { graphs, held };
  } catch (error) {
    for (const made of [...Object.values(graphs), ...held.values()]) made.destroy();
    throw asOurs(error);
  }
}

/** Throws if the context does not take the graphs. */
async function checkSupport(context) {
  for (const { isSupported } of Object.values(PARTS)) {
    if (!(await isSupported({ context }))) throw new ModelError("unsupported", "the context does not take the model");
  }
}

export { assembled, checkSupport };

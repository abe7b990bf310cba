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

/** What makes a graph of weights as they arrive, of which some are tensors. */
function makerOf({ constants, held, graph }, context, onBytes, tensors) {
  const maker = constants(context, onBytes);
  const constant = maker.operand.bind(maker);
  const inputs = new Set(held.map(({ name }) => name));
  if (!tensors.size || inputs.size === tensors.size) {
    maker.operand = (tensor) => {
      const { name, dataType, shape, data } = tensor;
      if (!inputs.has(name) || !tensors.has(name)) return constant(tensor);
      context.writeTensor(tensors.get(name), data);
      return maker.builder.input(name, { dataType, shape });
    };
    return maker;
  }
  // Another graph brings the large weights as tensors: of these it is built, a part at a time.
  const weights = new Map();
  for (const [name, tensor] of tensors) {
    const { dataType, shape } = tensor;
    const load = async () => ({ dataType, shape: [...shape], data: viewOf(dataType, await context.readTensor(tensor)) });
    weights.set(name, { bytes: byteLength({ dataType, shape }), load });
  }
  maker.operand = (tensor) => {
    if (tensors.has(tensor.name)) return;
    const kept = { ...tensor, data: tensor.data.slice() };
    weights.set(tensor.name, { bytes: kept.data.byteLength, load: () => kept });
  };
  maker.build = () => Chain.of(context, graph, weights, tensors);
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
  const computed = context.onnx ? 0 : buildings.reduce((sum, building) => sum + building.computed, 0);
  const total = WEIGHTS.reduce((sum, tensor) => sum + byteLength(tensor), computed);
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
        makerOf(building, context, onBytes, held),
      ]);
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

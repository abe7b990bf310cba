// Runs a generated module in a page for the browser runtime; tensors travel as bytes, to and from the page's own server.

import { viewOf } from "../runtime/tensors.js";

export { time } from "./timing.js";

/** Whether WebNN computes here: an empty string, or why not. The API alone says nothing about a backend. */
export async function probe() {
  try {
    if (!navigator.ml) return "navigator.ml is missing";
    const context = await navigator.ml.createContext();
    const builder = new MLGraphBuilder(context);
    const x = builder.input("x", { dataType: "float32", shape: [1] });
    await builder.build({ y: builder.relu(x) });
    context.destroy();
    return "";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

/** What the default context takes: MLContext.opSupportLimits(). */
export async function limits() {
  const context = await navigator.ml.createContext();
  const dictionary = context.opSupportLimits();
  context.destroy();
  return dictionary;
}

let module;
let model;

/** Loads the generated module `<folder>/model.js` for the calls of compute() that follow. */
export async function load(folder) {
  module = await import(`${folder}/model.js`);
  model = await module.load();
}

/** Feeds the model what is at `<folder>/in/<i>` and sends what it computes to `<folder>/out/<i>`. */
export async function compute(folder) {
  const feeds = module.inputs.map(async ({ name, dataType }, i) => {
    const response = await checked(await fetch(`${folder}/in/${i}`, { cache: "no-store" }));
    return [name, viewOf(dataType, await response.arrayBuffer())];
  });
  const results = await model.compute(Object.fromEntries(await Promise.all(feeds)));
  const sent = module.outputs.map(async ({ name }, i) => checked(await fetch(`${folder}/out/${i}`, { method: "POST", body: results[name] })));
  await Promise.all(sent);
}

async function checked(response) {
  if (!response.ok) throw new Error(`${response.url}: HTTP status ${response.status}`);
  return response;
}

/** Computes the models in the folders one after the other until one fails; each that is computed has `<folder>/out/done`. */
export async function computeEach(folders) {
  for (const folder of JSON.parse(folders)) {
    await load(folder);
    await compute(folder);
    model.destroy();
    await checked(await fetch(`${folder}/out/done`, { method: "POST", body: "" }));
  }
}

import { INPUTS, LIBRARY, ModelError, TYPES, dataUrls } from "./facts.js";
import { isWrong, kindOf } from "./mistakes.js";
import { tokenizerOf } from "./tokenizing.js";

/** What a file beside the module says as JSON. */
async function said(url) {
  const fs = url.protocol === "file:" && globalThis.process?.getBuiltinModule?.("fs/promises"); // Node.js does not fetch files
  if (fs) return JSON.parse(await fs.readFile(url, "utf8"));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
  return response.json();
}

let reading;

/** What makes tokens of texts; read once, and again after it could not be. */
function tokenizer() {
  reading ??= Promise.all([LIBRARY(), ...dataUrls().map(said)])
    .then(([{ Tokenizer }, data, config = {}]) => tokenizerOf(Tokenizer, data, config))
    .catch((error) => {
      reading = undefined;
      const needed = "npm install @huggingface/tokenizers, or an import map that says where it is";
      throw new ModelError("download", `there is no tokenizer (${error.message}); it needs its files beside the module, and ${needed}`, error);
    });
  return reading;
}

/** Places of the tokens that are left of a text that is cut: the first ones, and all marks around it. */
function placesOf(ids, own, most) {
  const marks = ids.length - own.length;
  const room = most - marks;
  if (room < 1) throw isWrong(`${most} tokens have no place for a text beside the marks at its ends`);
  const start = [...Array(marks + 1).keys()].find((from) => own.every((id, i) => ids[from + i] === id)) ?? 0;
  return [...ids.keys()].filter((i) => i < start + room || i >= start + own.length);
}

/** The inputs that a text becomes, filled up, and which of its tokens are there. */
async function inputsOf(text, { truncate }) {
  if (typeof text !== "string") throw isWrong(`a text is a string, not ${kindOf(text)}`);
  const known = await tokenizer();
  const { ids, token_type_ids: types = [] } = known.encode(text, { return_token_type_ids: true });
  const most = INPUTS[0].shape.at(-1);
  if (!ids.length) throw isWrong("the text has no tokens");
  if (!ids.every(Number.isSafeInteger)) throw isWrong("the tokenizer has no token for a part of the text");
  if (ids.length > most && !truncate) {
    throw isWrong(`the text has ${ids.length} tokens; the model takes ${most}: { truncate: true } leaves out the rest`, { tokens: ids.length, most });
  }
  const places = ids.length > most ? placesOf(ids, known.encode(text, { add_special_tokens: false }).ids, most) : [...ids.keys()];
  const values = { ids: places.map((i) => ids[i]), mask: places.map(() => 1), types: places.map((i) => types[i] ?? 0), positions: [...places.keys()] };
  const inputs = {};
  for (const { name, dataType, holds, pad } of INPUTS) {
    const number = dataType.endsWith("64") ? BigInt : Number;
    const rest = holds === "ids" ? (pad ?? 0) : 0;
    inputs[name] = TYPES[dataType][0].from({ length: most }, (_, i) => number(values[holds][i] ?? rest));
  }
  return { inputs, place: { mask: Array.from({ length: most }, (_, i) => i < places.length) } };
}

export { inputsOf, tokenizer };

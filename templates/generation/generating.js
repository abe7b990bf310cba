import { GENERATING, MOST_BEAMS, PARTS, TELL, TEXT, settings, textUrls } from "./facts.js";
import { assembled } from "./assembling.js";
import { Chain } from "./chaining.js";
import { search } from "./beams.js";
import { choose, requireRight, rulesOf, samplingOf } from "./sampling.js";
import { ModelError, badInput, lostContext, named } from "../runtime/errors.js";
import { TYPES } from "../runtime/facts.js";
import { request } from "../runtime/loading.js";

/** In first tokens: the language that the model finds most probable. */
const LANGUAGE = -1;
const [IDS, FEATURES] = ["input_ids", "input_features"];
const [PAST, PRESENT] = ["past_", "present_"];
const { decode, prefill, encode, spectrogram } = PARTS;
const called = (name, tensors) => tensors.find((tensor) => tensor.name === name);
const vocabulary = called("logits", decode.outputs).shape[1];
/** Tokens that prefill takes at once. */
const PROMPT = prefill ? called(IDS, prefill.inputs).shape[1] : 1;
const states = decode.inputs.filter(({ name }) => name.startsWith(PAST));

/** Tokens of a caller, as numbers; `most` are known. */
function tokensOf(tokens, what = "the tokens", most = vocabulary) {
  if (!Array.isArray(tokens) && !ArrayBuffer.isView(tokens)) throw badInput(`${what} must be an array of numbers`);
  const numbers = Array.from(/** @type {any} */ (tokens), (token) => (typeof token === "bigint" ? Number(token) : token));
  for (const token of numbers) {
    if (Number.isInteger(token) && token >= 0 && token < most) continue;
    throw badInput(`${what} have ${token}, which is none of the ${most} tokens that the model knows`);
  }
  return numbers;
}

const wasReset = () => new ModelError("aborted", "aborted: reset() was called");
const full = (why) => new ModelError("cache-full", `the cache is full: it holds ${settings.cache} tokens${why}; reset() begins anew`);

/** A model that generates, and the tokens of its conversation until now. */
export class Model {
  /** @type {any} */
  context;
  /** @type {string | undefined} */
  device;
  #graphs = {};
  /** Tensors of weights, by name. */
  #held = new Map();
  #ownsContext = false;
  #text;
  /** What graphs read and write besides states, by name; of tokens, by graph and name. */
  #tensors = new Map();
  /** Sets of states, tensors by name: those that nothing goes on with, and those that something does. */
  #free = [];
  #used = new Set();
  /** What the model knows of the tokens that it was fed: { set, position }. */
  #past;
  #history = [];
  /** Tokens at the end of the history that were not fed yet. */
  #pending = [];
  /** Of the generation that runs. */
  #turn;
  #ended;
  #tellLost;

  /** Resolves to the error that all calls reject with from then on: the context is lost, or the model destroyed. */
  lost = new Promise((resolve) => {
    this.#tellLost = resolve;
  });

  /** Builds the graphs on a context, with the options of load(). */
  static async create(context, options, { ownsContext = false, device = undefined } = {}) {
    const model = new Model();
    model.context = context;
    model.device = device;
    if (TEXT && options.text !== false) model.#text = await textOf(options);
    const { graphs, held } = await assembled(context, options);
    model.#graphs = graphs;
    model.#held = held;
    model.#ownsContext = ownsContext;
    context.lost?.then((why) => model.#end(lostContext(why)));
    return model;
  }

  /** All tokens of the conversation: those that were given, and those that were generated. */
  get ids() {
    return [...this.#history];
  }

  /** Begins anew; a generation that runs is aborted. */
  reset() {
    this.#turn = undefined;
    this.#history = [];
    this.#pending = [];
    this.#past = undefined;
    for (const set of [...this.#used, ...this.#free]) for (const tensor of Object.values(set)) tensor.destroy();
    this.#used.clear();
    this.#free = [];
  }

  /**
   * Generates token after token, { id, text }, greedy unless a temperature is said. A decoder goes on behind the conversation; what it was
   * given and what it generated stays in the cache. An encoder-decoder begins anew, with what it is given to encode.
   */
  async *generate(input = undefined, options = {}) {
    yield* this.#generated(input, options, []);
  }

  /** Generates the answer to messages, [{ role, content }], which go on behind the conversation if they begin like it. */
  async *chat(messages, options = {}) {
    if (!this.#text) throw badInput("chat() needs a tokenizer, and the model has none");
    if (encode) throw badInput("chat() is for models without an encoder");
    let tokens;
    try {
      tokens = this.#text.chat(messages, options?.template);
    } catch (error) {
      throw new ModelError("bad-input", `the chat template does not take the messages: ${error.message}`, error);
    }
    yield* this.#generated(tokens, options, this.#history);
  }

  /** generate() of an input whose first tokens, if it has these, are in the conversation already; otherwise that begins anew. */
  async *#generated(input, options, known) {
    const said = named("option", GENERATING.split(" ").map((name) => ({ name })), options);
    const { signal, maxTokens, stop = [] } = said;
    const sampling = samplingOf(said);
    const { num_beams = 1, length_penalty = 1, early_stopping = false } = settings.beams ?? {};
    const width = said.beams ?? (sampling.temperature ? 1 : num_beams);
    const { lengthPenalty = length_penalty, earlyStopping = early_stopping } = said;
    requireRight({
      beams: Number.isInteger(width) && width >= 1 && width <= MOST_BEAMS,
      lengthPenalty: Number.isFinite(lengthPenalty),
      earlyStopping: [true, false, "never"].includes(earlyStopping),
      maxTokens: maxTokens === undefined || maxTokens === Infinity || (Number.isInteger(maxTokens) && maxTokens >= 1),
      stop: Array.isArray(stop),
    });
    if (sampling.temperature && width > 1) throw badInput("several beams have no temperature: they search for what is most probable");
    if (this.#turn) throw new ModelError("busy", "the model generates already: end that first, or load it once more");
    const turn = (this.#turn = {});
    const check = () => {
      if (this.#ended) throw this.#ended;
      if (signal?.aborted) throw new ModelError("aborted", `aborted: ${signal.reason?.message ?? signal.reason}`, signal.reason);
      if (this.#turn !== turn) throw wasReset();
    };
    const begin = () => {
      this.reset();
      this.#turn = turn;
    };
    try {
      check();
      const how = { maxTokens, stop, sampling, width, lengthPenalty, earlyStopping, check, seconds: 0 };
      if (TELL) {
        const [tokens, more] = TELL.told(said);
        const window = TELL.longer(input);
        if (window && more.timestamps) {
          yield* this.#windows(window, tokens, { ...how, more, begin });
          return;
        }
        const [part, feeds] = TELL.feedsOf(input, (source) => this.#tokensOf(source, true));
        begin();
        await this.#run(part, feeds);
        if (part === "spectrogram") await this.#run("encode", {});
        yield* this.#goingOn(tokens, { ...how, more });
        return;
      }
      let tokens = this.#tokensOf(input ?? [], !this.#history.length);
      if (known.length) {
        if (known.length < tokens.length && known.every((token, i) => token === tokens[i])) tokens = tokens.slice(known.length);
        else begin();
      }
      if (!tokens.length && !this.#history.length) tokens = settings.start ?? [];
      if (!tokens.length && !this.#pending.length) throw badInput("a generation begins with a token, and none is given");
      yield* this.#goingOn(tokens, how);
    } catch (error) {
      await null; // that the context is lost is said in a callback of its own
      if (this.#ended) throw this.#ended;
      if (error instanceof ModelError) throw error;
      throw this.#turn === turn ? new ModelError("failed", error.message, error) : wasReset(); // its tensors are gone
    } finally {
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  /** generate() behind what the model knows, and some more tokens; of those the language that is to be found is written there. */
  async *#goingOn(tokens, how) {
    const { maxTokens, stop, sampling, width, lengthPenalty, earlyStopping, more, check } = how;
    const first = this.#history.length + tokens.length;
    if (!maxTokens && first >= settings.max_length) {
      throw badInput(`${first} tokens leave no room: max_length is ${settings.max_length}; say maxTokens`);
    }
    const end = maxTokens ? first + maxTokens : settings.max_length;
    const free = settings.cache - (this.#past?.position ?? 0) - this.#pending.length;
    if (tokens.length > free) throw full(`, of which ${Math.max(free, 0)} are free, and ${tokens.length} were given`);
    const open = tokens.indexOf(LANGUAGE);
    if (open >= 0) {
      this.#pending.push(...tokens.slice(0, open));
      await this.#feed(check);
      tokens[open] = TELL.likeliest(await this.#read("logits"));
      check();
    }
    this.#history.push(...tokens);
    this.#pending.push(...tokens.slice(Math.max(open, 0)));
    const rules = rulesOf(first, end, more);
    const eos = new Set([...(settings.eos ?? []), ...stop.filter((token) => typeof token === "number")]);
    const ends = stop.filter((text) => typeof text === "string");
    const stream = this.#text?.stream(ends);
    const made = (id, isLast = eos.has(id) || this.#history.length === end) => {
      const time = TELL?.timeOf(id);
      if (time !== undefined && more?.timestamps) return { id, ...(stream && { text: "" }), time: time + how.seconds, isLast };
      return stream ? { id, ...stream.add(id, isLast), isLast } : { id, isLast };
    };
    if (width > 1) {
      await this.#feed(check);
      const found = await this.#searched(check, {
        eos,
        end: Math.min(end ?? Infinity, settings.cache + 1),
        penalty: sampling.penalty,
        rules,
        width,
        renormalize: settings.beams?.renormalize ?? false,
        lengthPenalty,
        earlyStopping,
      });
      check();
      for (const id of found) {
        this.#history.push(id);
        this.#pending.push(id);
      }
      for (const [i, id] of found.entries()) {
        const { isLast, isStopped, ...piece } = made(id, i === found.length - 1);
        yield piece;
      }
      return;
    }
    const isPlain = !sampling.temperature && sampling.penalty === 1 && !rules.isStrict;
    for (;;) {
      await this.#feed(check);
      let id = rules.forced(this.#history);
      if (id === undefined) {
        const [ids, logits] = await Promise.all([this.#read("top_ids"), isPlain ? undefined : this.#read("top_logits")]);
        check();
        id = isPlain ? ids[0] : await choose(ids, logits, () => this.#read("logits"), this.#history, sampling, rules);
        check();
      }
      if (!(id >= 0 && id < vocabulary)) throw new Error("no token may come next: the logits are no numbers");
      this.#history.push(id);
      this.#pending.push(id);
      const { isLast, isStopped, ...piece } = made(id);
      how.isStopped = isStopped || stop.includes(id);
      yield piece;
      if (isLast || isStopped) return;
      check();
    }
  }

  /** generate() of a longer sound, a window after the other. */
  async *#windows(window, tokens, how) {
    const { begin, check } = how;
    begin();
    const features = await window.features(async (samples) => {
      await this.#run("spectrogram", { samples });
      const found = await this.#read(FEATURES, encode.inputs);
      check();
      return found;
    });
    const taken = [];
    const take = (pieces) => {
      taken.push(...pieces.map(({ id }) => id));
      return pieces;
    };
    for (let seek = 0; seek < features.frames && !how.isStopped; ) {
      check();
      begin();
      how.seconds = window.secondsOf(seek);
      await this.#run("encode", { [FEATURES]: features.from(seek) });
      const sentences = TELL.sentences();
      let last;
      for await (const piece of this.#goingOn(tokens, how)) {
        if (settings.eos?.includes(piece.id)) last = piece;
        else yield* take(sentences.add(piece));
      }
      const [rest, times] = sentences.rest();
      seek += times ? window.framesOf(times) : window.frames;
      if (last && seek >= features.frames) rest.push(last);
      yield* take(rest);
      check();
      this.#history = [...tokens, ...taken];
    }
  }

  /** The tokens of a text, or those of a caller. */
  #tokensOf(source, isFirst) {
    const most = settings.source_vocabulary;
    if (typeof source !== "string") return tokensOf(source, undefined, most);
    if (!this.#text) throw badInput("text needs a tokenizer, and the model has none: give its tokens, an array of numbers");
    return tokensOf(this.#text.encode(source, isFirst), undefined, most);
  }

  /** Feeds what was not fed yet, in pieces. */
  async #feed(check) {
    this.#past ??= { set: await this.#zeros(), position: 0 };
    if (this.#past.position + this.#pending.length > settings.cache) throw full("");
    while (this.#pending.length) {
      check();
      const left = this.#pending.length;
      // What is filled up is written, too: the cache must have room for it.
      const isPadded = left > 1 && settings.padding !== false && this.#past.position + PROMPT <= settings.cache;
      const count = left >= PROMPT || isPadded ? Math.min(left, PROMPT) : 1;
      const past = this.#past;
      const next = await this.#called(past, this.#pending.slice(0, count));
      if (this.#past !== past) throw wasReset();
      this.#past = next;
      this.#pending.splice(0, count);
      this.#release(past);
    }
  }

  /** What comes of some tokens, in states of their own: one, or as many as prefill takes. */
  async #called({ set, position }, tokens) {
    const part = tokens.length > 1 ? "prefill" : "decode";
    const filled = new Int32Array(part === "decode" ? 1 : PROMPT);
    filled.set(tokens);
    const values = { [IDS]: filled, position: Int32Array.of(position), last: Int32Array.of(tokens.length - 1) };
    const next = this.#free.pop() ?? (await this.#zeros());
    this.#used.add(next);
    await this.#run(part, values, set, next);
    return { set: next, position: position + tokens.length };
  }

  async #zeros() {
    const turn = this.#turn;
    const set = {};
    this.#used.add(set);
    for (const { name, dataType, shape } of states) {
      const tensor = await this.context.createTensor({ dataType, shape, readable: true, writable: true });
      if (this.#turn === turn) {
        set[name.slice(PAST.length)] = tensor;
        continue;
      }
      tensor.destroy();
      throw this.#ended ?? wasReset();
    }
    return set;
  }

  #release({ set }) {
    if (this.#used.delete(set)) this.#free.push(set);
  }

  /** The tokens of a beam search; what was fed stays what the model knows. */
  async #searched(check, how) {
    const kept = this.#past;
    const known = async (past) => ({ past, logits: await this.#read("logits") });
    const advance = async (past, token) => {
      check();
      if (past.position >= settings.cache) throw full("");
      return known(await this.#called(past, [token]));
    };
    const release = (past) => {
      if (past !== kept) this.#release(past);
    };
    try {
      return await search({ ...how, history: this.#history, first: await known(kept), advance, release });
    } finally {
      if (this.#past === kept) for (const set of this.#used) if (set !== kept.set) this.#release({ set });
    }
  }

  // ------------------------------------------------------------------------------------------------------------- the device
  /** Puts a graph into the context's queue, with values for some inputs, and the states before and behind it. */
  async #run(part, values, past = {}, present = {}) {
    const { building, outputs } = PARTS[part];
    const feeds = {};
    for (const { name } of building.held) if (this.#held.has(name)) feeds[name] = this.#held.get(name);
    for (const input of building.bound) {
      const { name } = input;
      feeds[name] = past[name.slice(PAST.length)] && name.startsWith(PAST) ? past[name.slice(PAST.length)] : await this.#tensor(part, input);
      if (values[name]) this.context.writeTensor(feeds[name], values[name]);
    }
    const results = {};
    for (const output of outputs) {
      const { name } = output;
      results[name] = name.startsWith(PRESENT) ? present[name.slice(PRESENT.length)] : await this.#tensor(part, output);
    }
    if (this.#ended) throw this.#ended;
    const graph = this.#graphs[part];
    if (graph instanceof Chain) graph.dispatch(feeds, results);
    else this.context.dispatch(graph, feeds, results);
  }

  async #tensor(part, { name, dataType, shape }) {
    const key = name === IDS ? `${part} ${name}` : name;
    if (!this.#tensors.has(key)) {
      this.#tensors.set(key, await this.context.createTensor({ dataType, shape, readable: true, writable: true }));
    }
    return this.#tensors.get(key);
  }

  async #read(name, among = decode.outputs) {
    const { dataType } = called(name, among);
    return new TYPES[dataType][0](await this.context.readTensor(this.#tensors.get(name)));
  }

  /** Frees the graphs and their tensors, and the context when load() created it. A generation that runs rejects. */
  destroy() {
    this.#end(new ModelError("destroyed", "the model is destroyed"));
  }

  #end(error) {
    if (this.#ended) return;
    this.#ended = error;
    this.reset();
    for (const tensor of [...this.#tensors.values(), ...this.#held.values()]) tensor.destroy();
    for (const graph of Object.values(this.#graphs)) graph.destroy();
    if (this.#ownsContext) this.context.destroy();
    this.#tellLost(error);
  }
}

/** What makes text of tokens, and tokens of text. */
async function textOf(options) {
  try {
    const files = await Promise.all(textUrls().map(async (url) => (await request(url, { signal: options.signal })).json()));
    return (await TEXT()).textOf(...files);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError("text", `there is no text (${error.message}): npm install what package.json names, or load({ text: false })`, error);
  }
}

export { FEATURES, IDS, LANGUAGE, called, encode, spectrogram, tokensOf };

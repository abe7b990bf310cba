import { tokenizerOf } from "../tasks/tokenizing.js";
import { Template, Tokenizer } from "./facts.js";

/** Makes text of tokens one after another: a character may take several. */
class Stream {
  #tokenizer;
  #ends;
  #ids = [];
  /** Tokens from `#from` on are decoded together, as what a token means can depend on the one before; up to `#to` their text was given. */
  #from = 0;
  #to = 0;
  #text = "";

  constructor(tokenizer, ends) {
    this.#tokenizer = tokenizer;
    this.#ends = ends;
  }

  #decoded(end) {
    const ids = this.#ids.slice(this.#from, end);
    return ids.length ? this.#tokenizer.decode(ids, { skip_special_tokens: true }) : "";
  }

  /** What the next token adds to the text, and whether one of the texts that end it is there. */
  add(id, isLast) {
    this.#ids.push(id);
    const [before, now] = [this.#decoded(this.#to), this.#decoded(undefined)];
    if (now.length <= before.length || (now.endsWith("\ufffd") && !isLast)) return { text: "", isStopped: false };
    this.#from = this.#to;
    this.#to = this.#ids.length;
    const text = now.slice(before.length);
    this.#text += text;
    return { text, isStopped: this.#ends.some((end) => this.#text.includes(end)) };
  }
}

/** What makes text of tokens, and tokens of text, from the contents of tokenizer.json and tokenizer_config.json. */
export function textOf(data, config) {
  const tokenizer = tokenizerOf(Tokenizer, data, config);
  const special = Object.entries(config).filter(([name]) => name.endsWith("_token"));
  const spelled = Object.fromEntries(special.map(([name, token]) => [name, token?.content ?? token]));
  const encode = (text, isFirst) => tokenizer.encode(text, { add_special_tokens: isFirst }).ids;
  return {
    encode,
    stream: (ends) => new Stream(tokenizer, ends),
    /** The tokens of a conversation that an answer is to follow. */
    chat(messages, variables) {
      const { chat_template: known } = config;
      const template = Array.isArray(known) ? known.find(({ name }) => name === "default")?.template : known;
      if (typeof template !== "string") throw new Error("the tokenizer has no chat template");
      return encode(new Template(template).render({ ...spelled, ...variables, messages, add_generation_prompt: true }), false);
    },
  };
}

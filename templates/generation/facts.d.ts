// What the files of this folder need to know of a model that generates. Its module holds both, and they import nothing there; text.js
// stands in a file of its own, which is imported where the model has a tokenizer.

/** The modules of its graphs, by name. */
export const PARTS: Record<string, any>;
/** What generation.json says. */
export const settings: Record<string, any>;
/** Where the weights are. */
export const weightsUrls: () => URL[];
/** Reads the files of weights one by one, or several at a time. */
export const readAll: any;
/** The options of generate(). */
export const GENERATING: string;
/** How many sequences are searched at most. */
export const MOST_BEAMS: number;
/** What telling.js exports, of a model with an encoder; undefined of others. */
export const TELL: any;
/** Imports the file that makes text of tokens, and tokens of text; undefined where there is no tokenizer. */
export const TEXT: (() => Promise<any>) | undefined;
/** Where its data is: tokenizer.json and tokenizer_config.json. */
export const textUrls: () => URL[];
/** The classes of @huggingface/jinja and @huggingface/tokenizers. */
export const Template: any;
export const Tokenizer: any;

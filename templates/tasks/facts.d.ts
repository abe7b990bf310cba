// What the files of this folder need to know of a model that is asked about something. Its module holds both; they import nothing there.

import type { Type } from "../runtime/facts.js";

/** What the model's own module throws. */
export class ModelError extends Error {
  constructor(code: string, message: string, cause?: unknown);
  readonly code: string;
}
/** The data types of the inputs. */
export const TYPES: Record<string, Type>;
/** The inputs that the source becomes: their names, data types and shapes, and what they mean with all defaults. */
export const INPUTS: any[];
/** The outputs that are read, in the same way. */
export const ANSWERS: any[];
/** What all inputs and outputs mean, by name. */
export const metadata: any;
/** Samples a second that a sound may have. */
export const LEAST_RATE: number;
export const MOST_RATE: number;
/** What a sound that ends with 0 ends with, where a model finds its end by that. */
export const SILENT: number;
/** Of a model that is asked about texts: imports @huggingface/tokenizers; where the tokenizer's data is, and its settings if it has some. */
export const LIBRARY: () => Promise<any>;
export const dataUrls: () => URL[];
/** Of a picture. */
export const MOST_PIXELS: number;
/** Of one picture that are given. */
export const MOST_BOXES: number;
export const STRIDES: readonly number[];
/** Of all masks of its objects together, in pixels. */
export const MOST_MASKED: number;
export const MOST_REGIONS: number;
/** In pixels of a map: what both sides of a region have at least, and once it has grown; of the picture; how far beginnings of one line are apart. */
export const LEAST_SIDE: number;
export const LEAST_GROWN: number;
export const LEAST_LINE: number;
export const SAME_LINE: number;
/** How many times as high as wide a part of a picture is that is turned. */
export const TALL: number;

type Of<Name extends string> = typeof globalThis extends { [name in Name]: { prototype: infer Kind } } ? Kind : never;

/**
 * A sound of any length and rate: a file of .wav with 16 bits, or that the browser decodes, its channels as one, their mean; an
 * AudioBuffer; or samples of one channel, from -1 to 1. What is no Blob is read before the call returns: it may change then.
 */
export type Source = Of<"Blob"> | Of<"AudioBuffer"> | { readonly sampleRate: number; readonly samples: Float32Array };

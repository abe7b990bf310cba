type Of<Name extends string> = typeof globalThis extends { [name in Name]: { prototype: infer Kind } } ? Kind : never;

/**
 * A picture: what has one in a page, or pixels as ImageData has them, red, green, blue and alpha, row by row. It is turned as it says,
 * and alpha is left out. What is no Blob is read before the call returns: it may change then.
 */
export type Source =
  | Of<"HTMLImageElement">
  | Of<"HTMLVideoElement">
  | Of<"HTMLCanvasElement">
  | Of<"OffscreenCanvas">
  | Of<"ImageBitmap">
  | Of<"VideoFrame">
  | Of<"Blob">
  | { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };

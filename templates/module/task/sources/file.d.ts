type Of<Name extends string> = typeof globalThis extends { [name in Name]: { prototype: infer Kind } } ? Kind : never;

/** A file of any kind and size, of whose bytes the first and the last are read. What is no Blob is read before the call returns: it may change then. */
export type Source = Of<"Blob"> | ArrayBuffer | ArrayBufferView;

/** The part of a picture that an object's box covers, in pixels of the picture; row by row 1 where the object is, and 0 elsewhere. */
export interface Silhouette {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Something in a picture, and its pixels. */
export interface Masked extends Found {
  readonly mask: Silhouette;
}

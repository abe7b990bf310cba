/** A point of something in a picture, in its pixels; what it is called, and how probable it is that it can be seen, if the model says so. */
export interface Point {
  readonly name?: string;
  readonly x: number;
  readonly y: number;
  readonly score?: number;
}

/** Something in a picture, and its points. */
export interface Pointed extends Found {
  readonly points: readonly Point[];
}

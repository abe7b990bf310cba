/** Something in a picture, how probable it is, from 0 to 1, and where it is, in pixels of the picture. */
export interface Region {
  readonly label: string;
  readonly score: number;
  readonly box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  /** Upper left, upper right, lower right and lower left, [x, y] each. */
  readonly corners: readonly (readonly [x: number, y: number])[];
}

/** What of a picture is between four corners, upright, for another model: what is tall is turned to the left. */
export declare function cut(
  source: Source,
  region: Pick<Region, "corners">,
): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8ClampedArray }>;
